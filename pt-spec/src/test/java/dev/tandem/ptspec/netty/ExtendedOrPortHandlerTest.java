package dev.tandem.ptspec.netty;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.SafeCookie;
import dev.tandem.ptspec.TestAddresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("FutureReturnValueIgnored")
class ExtendedOrPortHandlerTest {
    private static final InetSocketAddress CLIENT = TestAddresses.socket("192.0.2.1:5678");
    private static final byte[] COOKIE_FILE = cookieFile((byte) 0x11);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Path cookieFile = Path.of("unset");
    private FakeExtendedOrPort tor = fake(COOKIE_FILE);

    @BeforeEach
    void writeCookie() throws IOException {
        cookieFile = Files.write(folder.resolve("cookie"), COOKIE_FILE);
    }

    @Test
    void introducesTheClientAndGivesTheChannelOver() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        RecordingRelay relay = new RecordingRelay();
        handler.ready().addListener(done -> channel.pipeline().addLast(relay));
        tor.reply = FakeExtendedOrPort.concat(FakeExtendedOrPort.OKAY, "payload".getBytes(StandardCharsets.US_ASCII));
        converse(channel, Integer.MAX_VALUE);
        assertTrue(handler.ready().isSuccess());
        assertTrue(tor.authenticated);
        assertEquals("1:192.0.2.1:5678|2:utp|0:|", tor.commands.toString());
        assertSame(relay, channel.pipeline().first());
        assertSame(relay, channel.pipeline().last());
        assertEquals("payload", relay.received.toString());
        assertEquals(-1, channel.runScheduledPendingTasks(), "no deadline is left");
        assertTrue(channel.isOpen());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 31, 32, 33, 63})
    void inPiecesOfAnySize(int size) {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        RecordingRelay relay = new RecordingRelay();
        channel.pipeline().addLast(relay);
        tor.reply = FakeExtendedOrPort.concat(FakeExtendedOrPort.OKAY, "payload".getBytes(StandardCharsets.US_ASCII));
        converse(channel, size);
        assertTrue(handler.ready().isSuccess());
        assertEquals("payload", relay.received.toString());
    }

    @Test
    void ignoresWhatItDoesNotKnow() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        byte[] control = {0x10, 0x02, 0, 3, 1, 2, 3};
        byte[] unknown = new byte[4 + 0xffff];
        unknown[0] = 0x77;
        unknown[2] = (byte) 0xff;
        unknown[3] = (byte) 0xff;
        byte[] okayWithBody = {0x10, 0, 0, 2, 9, 9};
        tor.reply = FakeExtendedOrPort.concat(FakeExtendedOrPort.concat(control, unknown), okayWithBody);
        converse(channel, Integer.MAX_VALUE);
        assertTrue(handler.ready().isSuccess());
        assertNull(channel.pipeline().first());
    }

    @Test
    void aDenialFails() {
        tor.reply = new byte[] {0x10, 0x01, 0, 1, 0, 'x'};
        assertFails("tor denies this client on the Extended ORPort");
    }

    @Test
    void readsTheCookieAgainForEveryConnection() throws Exception {
        ExtendedOrPortHandler handler = handler();
        byte[] newer = cookieFile((byte) 0x22);
        Files.write(cookieFile, newer);
        tor = fake(newer);
        converse(open(handler), Integer.MAX_VALUE);
        assertTrue(handler.ready().isSuccess());
    }

    @Test
    void aServerWithAnotherCookieFails() {
        tor = fake(cookieFile((byte) 0x22));
        assertFails("the Extended ORPort does not know the cookie in the cookie file");
        assertEquals("", tor.commands.toString());
    }

    @Test
    void aMissingCookieFileFails() throws Exception {
        Files.delete(cookieFile);
        assertFails("the Extended ORPort cookie file is missing");
    }

    @Test
    void aShortCookieFileFails() throws Exception {
        Files.write(cookieFile, Arrays.copyOf(COOKIE_FILE, 63));
        assertFails("the Extended ORPort cookie file is not 64 bytes long");
    }

    @Test
    void aWrongCookieFileFails() throws Exception {
        Files.write(cookieFile, new byte[64]);
        assertFails("the Extended ORPort cookie file has a wrong header");
    }

    @Test
    void refusedAuthenticationFails() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        receive(channel, FakeExtendedOrPort.hello());
        receive(channel, tor.take(sent(channel)));
        sent(channel);
        receive(channel, new byte[] {0});
        assertFailed(handler, channel, "the Extended ORPort refused our authentication");
        assertEquals(0, sent(channel).length, "no introduction to somebody who refused us");
    }

    @Test
    void withoutSafeCookieItLikesNoType() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        receive(channel, new byte[] {2, 3, 0});
        assertArrayEquals(new byte[] {0}, sent(channel));
        assertFailed(handler, channel, "the Extended ORPort does not offer SAFE_COOKIE");
    }

    @Test
    void anEndlessListOfTypesFails() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        byte[] types = new byte[256];
        Arrays.fill(types, (byte) 1);
        receive(channel, types);
        assertFailed(handler, channel, "not an Extended ORPort: the list of authentication types has no end");
    }

    @Test
    void everyStepHasADeadlineAndNamesWhatIsMissing() {
        String[] awaited = {"its authentication types", "its authentication", "its verdict on ours", "its OKAY"};
        for (int steps = 0; steps < awaited.length; steps++) {
            ExtendedOrPortHandler handler = handler();
            tor = fake(COOKIE_FILE);
            EmbeddedChannel channel = open(handler);
            converseSteps(channel, steps);
            channel.advanceTimeBy(4_999, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
            assertFalse(handler.ready().isDone());
            channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
            assertFailed(handler, channel, "the Extended ORPort did not send " + awaited[steps] + " in time");
        }
    }

    @Test
    void everyStepMayBeCutOff() {
        String[] awaited = {"its authentication types", "its authentication", "its verdict on ours", "its OKAY"};
        for (int steps = 0; steps < awaited.length; steps++) {
            ExtendedOrPortHandler handler = handler();
            tor = fake(COOKIE_FILE);
            EmbeddedChannel channel = open(handler);
            converseSteps(channel, steps);
            channel.close();
            assertFailed(handler, channel, "the Extended ORPort closed the connection before " + awaited[steps]);
            assertEquals(-1, channel.runScheduledPendingTasks(), "no deadline is left");
        }
    }

    @Test
    void aBrokenConnectionFails() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        assertFailed(handler, channel, "the connection to the Extended ORPort broke before its authentication types");
    }

    @Test
    void readsByItselfWhereAutoReadIsOff() {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(handler);
        converse(channel, 7);
        assertTrue(handler.ready().isSuccess());
        assertFalse(channel.config().isAutoRead());
    }

    @Test
    void refusesWhatTorWouldRefuse() {
        InetSocketAddress noPort = TestAddresses.socket("192.0.2.1:0");
        assertThrows(IllegalArgumentException.class, () -> new ExtendedOrPortHandler(cookieFile, noPort, "utp"));
        assertThrows(IllegalArgumentException.class, () -> new ExtendedOrPortHandler(cookieFile, CLIENT, "u-tp"));
    }

    private ExtendedOrPortHandler handler() {
        return new ExtendedOrPortHandler(cookieFile, CLIENT, "utp", Duration.ofSeconds(5), new SecureRandom());
    }

    private static EmbeddedChannel open(ExtendedOrPortHandler handler) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast(handler);
        return channel;
    }

    private void assertFails(String message) {
        ExtendedOrPortHandler handler = handler();
        EmbeddedChannel channel = open(handler);
        converse(channel, Integer.MAX_VALUE);
        assertFailed(handler, channel, message);
    }

    private static void assertFailed(ExtendedOrPortHandler handler, EmbeddedChannel channel, String message) {
        IOException cause = assertInstanceOf(IOException.class, handler.ready().cause());
        assertEquals(message, cause.getMessage());
        assertFalse(channel.isOpen());
    }

    /** Lets both talk until neither has anything to say; tor's bytes arrive in pieces of {@code size}. */
    private void converse(EmbeddedChannel channel, int size) {
        byte[] toUs = FakeExtendedOrPort.hello();
        while (toUs.length > 0) {
            for (int at = 0; at < toUs.length && channel.isOpen(); ) {
                int length = Math.min(size, toUs.length - at);
                receive(channel, Arrays.copyOfRange(toUs, at, at + length));
                at += length;
            }
            toUs = channel.isOpen() ? tor.take(sent(channel)) : new byte[0];
        }
    }

    /** Lets tor speak {@code steps} times. */
    private void converseSteps(EmbeddedChannel channel, int steps) {
        byte[] toUs = FakeExtendedOrPort.hello();
        for (int i = 0; i < steps; i++) {
            receive(channel, toUs);
            toUs = tor.take(sent(channel));
        }
    }

    private static void receive(EmbeddedChannel channel, byte[] bytes) {
        channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    }

    private static byte[] sent(EmbeddedChannel channel) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes).release();
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    private static FakeExtendedOrPort fake(byte[] cookieFile) {
        try {
            return new FakeExtendedOrPort(SafeCookie.parse(cookieFile));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] cookieFile(byte cookie) {
        byte[] file = new byte[64];
        Arrays.fill(file, cookie);
        byte[] header = "! Extended ORPort Auth Cookie !\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(header, 0, file, 0, header.length);
        return file;
    }
}
