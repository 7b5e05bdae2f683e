package dev.tandem.ptspec.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.SocksReplyCode;
import dev.tandem.ptspec.TransportArgs;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("FutureReturnValueIgnored")
class SocksServerHandlerTest {
    private static final String METHODS = "05020002";
    private static final String CONNECT_IPV4 = "05010001" + "c0000201" + "01bb";
    private static final String CONNECT_IPV6 = "05010004" + "20010db8000000000000000000000001" + "01bb";
    private static final String SUCCESS = "05000001" + "00000000" + "0000";
    private static final SocksTimeouts TIMEOUTS = new SocksTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(60));

    private static final class Listener implements SocksListener {
        final List<SocksRequest> requests = new ArrayList<>();
        final List<SocksReply> replies = new ArrayList<>();
        final List<String> failures = new ArrayList<>();

        @Override
        public void onRequest(SocksRequest request, SocksReply reply) {
            requests.add(request);
            replies.add(reply);
        }

        @Override
        public void onFailure(String reason) {
            failures.add(reason);
        }
    }

    private final Listener listener = new Listener();
    private final EmbeddedChannel channel = open(listener);

    private static EmbeddedChannel open(SocksListener listener) {
        EmbeddedChannel channel = new EmbeddedChannel(new SocksServerHandler(listener, TIMEOUTS));
        channel.freezeTime();
        return channel;
    }

    @Test
    void aRequestOfTor() {
        assertEquals("0502", send(METHODS));
        assertEquals("0100", send(credentials("cert=abc;iat=0", "\0")));
        assertEquals("", send(CONNECT_IPV6));
        SocksRequest request = onlyRequest();
        assertEquals("[2001:db8::1]:443", IpAddresses.format(request.target()));
        assertEquals(TransportArgs.of("cert", "abc").and("iat", "0"), request.args());
        assertEquals("SocksRequest[TransportArgs[cert, iat]]", request.toString());

        RecordingRelay relay = new RecordingRelay();
        ChannelFuture granted = listener.replies.get(0).grant(relay);
        assertTrue(granted.isSuccess());
        assertEquals(SUCCESS, written());
        assertFalse(channel.config().isAutoRead(), "the relay decides when to read");
        assertSame(relay, channel.pipeline().first(), "the SOCKS handlers are gone");
        assertSame(relay, channel.pipeline().last(), "the SOCKS handlers are gone");
        send(hex("payload"));
        assertEquals("payload", relay.received.toString());
        assertNoDeadlineIsLeft();
        assertEquals(List.of(), listener.failures);
    }

    @Test
    void aRequestWithoutArguments() {
        assertEquals("0500", send("050100"));
        send(CONNECT_IPV4);
        assertEquals("192.0.2.1:443", IpAddresses.format(onlyRequest().target()));
        assertEquals(TransportArgs.empty(), onlyRequest().args());
    }

    @Test
    void cutAtEveryByteNothingIsLostOrDoubled() {
        String all = METHODS + credentials("cert=ü;k=v", "more") + CONNECT_IPV4 + hex("early payload");
        for (int cut = 1; cut < all.length() / 2; cut++) {
            Listener mine = new Listener();
            EmbeddedChannel tor = open(mine);
            write(tor, all.substring(0, 2 * cut));
            write(tor, all.substring(2 * cut));
            assertEquals(List.of(), mine.failures, "cut at " + cut);
            assertEquals(
                    List.of(TransportArgs.of("cert", "ü").and("k", "vmore")),
                    mine.requests.stream().map(SocksRequest::args).toList(),
                    "cut at " + cut);
            RecordingRelay relay = new RecordingRelay();
            mine.replies.get(0).grant(relay);
            assertEquals("0502" + "0100" + SUCCESS, read(tor), "cut at " + cut);
            assertEquals("early payload", relay.received.toString(), "cut at " + cut);
            assertTrue(relay.completes > 0, "cut at " + cut);
            tor.finishAndReleaseAll();
        }
    }

    @Test
    void byteByByte() {
        String all = METHODS + credentials("k=v", "\0") + CONNECT_IPV6 + hex("ab");
        for (int i = 0; i < all.length(); i += 2) {
            write(channel, all.substring(i, i + 2));
        }
        RecordingRelay relay = new RecordingRelay();
        listener.replies.get(0).grant(relay);
        assertEquals("ab", relay.received.toString());
    }

    @Test
    void aListenerMayGrantAtOnce() {
        RecordingRelay relay = new RecordingRelay();
        EmbeddedChannel tor = open((request, reply) -> reply.grant(relay));
        write(tor, "050100" + CONNECT_IPV4 + hex("early"));
        assertEquals("0500" + SUCCESS, read(tor));
        assertEquals("early", relay.received.toString());
        assertSame(relay, tor.pipeline().first());
    }

    @Test
    void readsOnUntilBytesComeEarlySoThatItSeesTorGiveUp() {
        request();
        assertTrue(channel.config().isAutoRead());
        send(hex("early"));
        assertFalse(channel.config().isAutoRead());
    }

    @Test
    void severalRelayHandlersTakeOverInTheirOrder() {
        request();
        RecordingRelay first = new RecordingRelay();
        RecordingRelay second = new RecordingRelay();
        listener.replies.get(0).grant(first, second);
        assertSame(first, channel.pipeline().first());
        assertSame(second, channel.pipeline().last());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 254, 255})
    void upTo510BytesOfArguments(int passwordLength) {
        String value = "x".repeat(255 + passwordLength - 2);
        String args = "k=" + value;
        send(METHODS);
        assertEquals("0100", send(credentials(args.substring(0, 255), args.substring(255))));
        send(CONNECT_IPV4);
        assertEquals(TransportArgs.of("k", value), onlyRequest().args());
    }

    @ParameterizedTest
    @EnumSource(names = "SUCCEEDED", mode = EnumSource.Mode.EXCLUDE)
    void rejectionsAreAnsweredAndClosed(SocksReplyCode code) {
        request();
        send(hex("early bytes must not leak"));
        listener.replies.get(0).reject(code);
        assertEquals(String.format("05%02x", code.code()) + "0001000000000000", written());
        assertFalse(channel.isOpen());
        assertNoDeadlineIsLeft();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reject", "close", "deadline", "remove"})
    void earlyBytesAreReleasedWhereNobodyTakesThem(String how) {
        request();
        ByteBuf early = Unpooled.buffer().writeByte('x');
        channel.writeInbound(early);
        assertEquals(1, early.refCnt());
        switch (how) {
            case "reject" -> listener.replies.get(0).reject(SocksReplyCode.GENERAL_FAILURE);
            case "close" -> channel.close();
            case "deadline" -> {
                channel.advanceTimeBy(60, TimeUnit.SECONDS);
                channel.runScheduledPendingTasks();
            }
            default -> channel.pipeline().remove(SocksServerHandler.class);
        }
        assertEquals(0, early.refCnt());
    }

    @Test
    void successIsNoRejection() {
        request();
        SocksReply reply = listener.replies.get(0);
        assertThrows(IllegalArgumentException.class, () -> reply.reject(SocksReplyCode.SUCCEEDED));
    }

    @Test
    void onlyTheFirstAnswerCounts() {
        request();
        SocksReply reply = listener.replies.get(0);
        reply.reject(SocksReplyCode.TTL_EXPIRED);
        written();
        reply.reject(SocksReplyCode.GENERAL_FAILURE);
        RecordingRelay relay = new RecordingRelay();
        ChannelFuture granted = reply.grant(relay);
        assertInstanceOf(ClosedChannelException.class, granted.cause());
        assertNull(channel.pipeline().context(relay));
        assertEquals("", written());
    }

    @Test
    void aGrantAfterTorGaveUpFails() {
        request();
        channel.close();
        assertEquals(List.of("SOCKS connection closed before the reply"), listener.failures);
        assertInstanceOf(
                ClosedChannelException.class,
                listener.replies.get(0).grant(new RecordingRelay()).cause());
    }

    @Test
    void aListenerThatThrowsRejects() {
        List<String> failures = new ArrayList<>();
        EmbeddedChannel tor = open(new SocksListener() {
            @Override
            public void onRequest(SocksRequest request, SocksReply reply) {
                throw new IllegalStateException("secret");
            }

            @Override
            public void onFailure(String reason) {
                failures.add(reason);
            }
        });
        write(tor, "050100" + CONNECT_IPV4);
        assertEquals("0500" + "05010001000000000000", read(tor));
        assertFalse(tor.isOpen());
        assertEquals(List.of("SOCKS request could not be served: IllegalStateException"), failures);
    }

    /** Bytes sent at once, the answer to all of them, and what the log says; the channel is closed. */
    @ParameterizedTest
    @CsvSource({
        "04010050c000020100, '', not a SOCKS5 connection",
        "474554202f, '', not a SOCKS5 connection",
        "0500, '', not a SOCKS5 connection",
        "050101, 05ff, no SOCKS authentication method in common",
        "05010205, 0502 01ff, malformed SOCKS user name and password",
        "0501020100, 0502 01ff, malformed SOCKS user name and password",
        "05010201016b00, 0502 01ff, malformed SOCKS user name and password",
        "05010201016b0100, 0502 01ff, malformed transport arguments: argument 1 has no '='",
        "05010201036b3dff0100, 0502 01ff, malformed transport arguments: arguments are not UTF-8",
        "05010201046b3d763b0100, 0502 01ff, malformed transport arguments: argument 2 has no '='",
        "05010004010001c000020101bb, 0500 05010001000000000000, malformed SOCKS request",
        "05010005020001c000020101bb, 0500 05070001000000000000, SOCKS request other than CONNECT",
        "05010005030001c000020101bb, 0500 05070001000000000000, SOCKS request other than CONNECT",
        "05010005010003096c6f63616c686f737401bb, 0500 05080001000000000000, SOCKS request for something other than an IP address",
        "05010005010009, 0500 05080001000000000000, SOCKS request for something other than an IP address",
        "05010005010001c00002010000, 0500 05010001000000000000, SOCKS request for port 0",
    })
    void malformed(String sent, String answer, String reason) {
        write(channel, sent + hex("and whatever follows"));
        assertEquals(answer.replace(" ", ""), written());
        assertFalse(channel.isOpen());
        assertEquals(List.of(reason), listener.failures);
        assertEquals(List.of(), listener.requests);
        assertNoDeadlineIsLeft();
    }

    @Test
    void cutOffAtEveryByte() {
        String all = METHODS + credentials("k=v", "\0") + CONNECT_IPV6;
        for (int length = 0; length < all.length() / 2; length++) {
            Listener mine = new Listener();
            EmbeddedChannel tor = open(mine);
            write(tor, all.substring(0, 2 * length));
            tor.close();
            assertEquals(List.of("SOCKS connection closed within a request"), mine.failures, "length " + length);
            assertEquals(List.of(), mine.requests, "length " + length);
            tor.finishAndReleaseAll();
        }
    }

    @Test
    void aHalfCloseBeforeTheReplyIsTorGivingUp() {
        request();
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertFalse(channel.isOpen());
        assertEquals(List.of("SOCKS connection closed before the reply"), listener.failures);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "05",
                METHODS,
                METHODS + "0103",
                METHODS + "01036b3d760100",
                METHODS + "01036b3d76010005010001c0"
            })
    void everyStepHasADeadline(String sent) {
        channel.advanceTimeBy(9, TimeUnit.SECONDS);
        write(channel, sent);
        boolean newStep = sent.length() >= METHODS.length();
        channel.advanceTimeBy(newStep ? 9_999 : 999, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertTrue(channel.isOpen());
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertFalse(channel.isOpen());
        assertEquals(List.of("SOCKS request not complete in time"), listener.failures);
    }

    @Test
    void theReplyHasADeadline() {
        request();
        channel.advanceTimeBy(59_999, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertTrue(channel.isOpen());
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertEquals("05060001000000000000", written());
        assertFalse(channel.isOpen());
        assertEquals(List.of("SOCKS request not served in time"), listener.failures);
    }

    @Test
    void aBrokenConnectionIsClosed() {
        request();
        channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        assertFalse(channel.isOpen());
        assertEquals(List.of("SOCKS connection broke"), listener.failures);
    }

    private void request() {
        send("050100" + CONNECT_IPV4);
        assertEquals(1, listener.requests.size());
    }

    private SocksRequest onlyRequest() {
        assertEquals(1, listener.requests.size());
        return listener.requests.get(0);
    }

    private void assertNoDeadlineIsLeft() {
        assertEquals(-1, channel.runScheduledPendingTasks());
    }

    private String send(String hex) {
        write(channel, hex);
        return written();
    }

    private String written() {
        return read(channel);
    }

    private static void write(EmbeddedChannel channel, String hex) {
        channel.writeInbound(Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex)));
    }

    private static String read(EmbeddedChannel channel) {
        StringBuilder hex = new StringBuilder();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes).release();
            hex.append(HexFormat.of().formatHex(bytes));
        }
        return hex.toString();
    }

    private static String credentials(String userName, String password) {
        byte[] user = userName.getBytes(StandardCharsets.UTF_8);
        byte[] pass = password.getBytes(StandardCharsets.UTF_8);
        return String.format("01%02x", user.length)
                + HexFormat.of().formatHex(user)
                + String.format("%02x", pass.length)
                + HexFormat.of().formatHex(pass);
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }
}
