package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.SequenceInputStream;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * utpcat against libutp: npm's utp-native on Node.js. {@code scripts/test} installs it and then demands this test; without
 * it the test says so and is skipped.
 */
@Timeout(120)
class LibutpTest {
    private static final int BYTES = 50_000_000;

    /** So much that it is still under way when the test has done what it is about. */
    private static final int ENDLESS = 100_000_000;

    private static final int SECONDS = 60;

    /** Enough for utp-native to hand it on. */
    private static final int FIRST_BYTES = 100_000;

    private static final long SEED = 20_260_729;
    private static final Path MODULES = Path.of("..", "..", "scripts", "lab", "interop", "node_modules");

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void needsLibutp() {
        PeerProcess.require(
                Files.isDirectory(MODULES.resolve("utp-native")),
                "utp-native is not installed: run 'npm ci --ignore-scripts' in scripts/lab/interop");
    }

    @AfterEach
    void endPeers() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    @Test
    void exchangesFiftyMegabytesEachWayWithAListeningLibutp() throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, BYTES);
        Side side = new Side(Content.stream(BYTES));
        side.dial(port);
        side.assertExchanged(peer, BYTES, BYTES);
    }

    @Test
    void exchangesFiftyMegabytesEachWayWithADiallingLibutp() throws Exception {
        int port = freePort();
        Side side = new Side(Content.stream(BYTES));
        CompletableFuture<Void> served = side.serve(port);
        PeerProcess peer = node("dial", port, BYTES);
        served.get(SECONDS, TimeUnit.SECONDS);
        side.assertExchanged(peer, BYTES, BYTES);
    }

    /** It takes no end from one that it has had no data from. */
    @Test
    void aListeningLibutpHearsTheEndOfADialWithoutAByte() throws Exception {
        int port = freePort();
        // utp-native writes nothing to one that sent no byte.
        PeerProcess peer = listen(port, 0);
        Side side = new Side(Content.stream(0));
        side.dial(port);
        side.assertExchanged(peer, 0, 0);
    }

    @ParameterizedTest
    @CsvSource({"5000000, 1", "1, 5000000"})
    void aListeningLibutpOnABadPath(int ours, int theirs) throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, theirs);
        LossyRelay relay = relay(port);
        Side side = new Side(Content.stream(ours));
        side.dial(relay.address().getPort());
        side.assertExchanged(peer, ours, theirs);
        assertWasBad(relay);
    }

    @ParameterizedTest
    @CsvSource({"5000000, 1", "1, 5000000"})
    void aDiallingLibutpOnABadPath(int ours, int theirs) throws Exception {
        int port = freePort();
        LossyRelay relay = relay(port);
        Side side = new Side(Content.stream(ours));
        CompletableFuture<Void> served = side.serve(port);
        PeerProcess peer = node("dial", relay.address().getPort(), theirs);
        served.get(SECONDS, TimeUnit.SECONDS);
        side.assertExchanged(peer, ours, theirs);
        assertWasBad(relay);
    }

    @Test
    void aListeningLibutpSendsOnAfterOurEnd() throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, 2_000_000, "after-end");
        Side side = new Side(Content.stream(1_000_000));
        side.dial(port);
        side.assertExchanged(peer, 1_000_000, 2_000_000);
    }

    @Test
    void aDiallingLibutpSendsOnAfterOurEnd() throws Exception {
        int port = freePort();
        Side side = new Side(Content.stream(1_000_000));
        CompletableFuture<Void> served = side.serve(port);
        PeerProcess peer = node("dial", port, 2_000_000, "after-end");
        served.get(SECONDS, TimeUnit.SECONDS);
        side.assertExchanged(peer, 1_000_000, 2_000_000);
    }

    @Test
    void weSendOnAfterTheEndOfADiallingLibutp() throws Exception {
        int port = freePort();
        CountDownLatch gate = new CountDownLatch(1);
        Side side = new Side(new Gated(Content.stream(2_000_000), gate));
        CompletableFuture<Void> served = side.serve(port);
        PeerProcess peer = node("dial", port, 1_000_000);
        peer.awaitField(SECONDS, "ended");
        gate.countDown();
        served.get(SECONDS, TimeUnit.SECONDS);
        side.assertExchanged(peer, 2_000_000, 1_000_000);
    }

    @Test
    void weSendOnAfterTheEndOfAListeningLibutp() throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, 1_000_000);
        CountDownLatch gate = new CountDownLatch(1);
        // Who dials must send first.
        byte[] content = Content.bytes(2_000_000);
        InputStream input = new SequenceInputStream(
                new ByteArrayInputStream(content, 0, FIRST_BYTES),
                new Gated(new ByteArrayInputStream(content, FIRST_BYTES, content.length - FIRST_BYTES), gate));
        Side side = new Side(input);
        CompletableFuture<Void> dialled = CompletableFuture.runAsync(() -> side.dial(port));
        peer.awaitField(SECONDS, "ended");
        gate.countDown();
        dialled.get(SECONDS, TimeUnit.SECONDS);
        side.assertExchanged(peer, 2_000_000, 1_000_000);
    }

    /** libutp answers what belongs to no connection of its own with RESET. */
    @ParameterizedTest
    @ValueSource(ints = {0, ENDLESS})
    void anotherLibutpOnThePortResetsUs(int theirs) throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, theirs);
        Side side = new Side(Content.stream(ENDLESS));
        CompletableFuture<Void> dialled = CompletableFuture.runAsync(() -> side.dial(port));
        peer.awaitField(SECONDS, "moving");
        peer.kill();
        listen(port, 0);
        dialled.get(SECONDS, TimeUnit.SECONDS);
        side.assertFailed("utpcat: connection reset by peer");
    }

    /**
     * Who is gone says nothing, so that it takes its time: libutp gives up after 31 s, we after 30 s. Therefore all at once:
     * a path that dies, a libutp that is killed, and a utpcat that is killed.
     */
    @Test
    void eitherNoticesThatTheOtherIsGone() throws Exception {
        int portOfCutOff = freePort();
        PeerProcess cutOff = listen(portOfCutOff, ENDLESS);
        LossyRelay relay = relay(portOfCutOff);
        Side ofCutOff = new Side(Content.stream(ENDLESS));
        CompletableFuture<Void> cutOffDialled =
                CompletableFuture.runAsync(() -> ofCutOff.dial(relay.address().getPort()));
        cutOff.awaitField(SECONDS, "moving");
        relay.close();

        int portOfKilled = freePort();
        PeerProcess killed = listen(portOfKilled, ENDLESS);
        Side ofKilled = new Side(Content.stream(ENDLESS));
        CompletableFuture<Void> killedDialled = CompletableFuture.runAsync(() -> ofKilled.dial(portOfKilled));
        killed.awaitField(SECONDS, "moving");
        killed.kill();

        int portOfUtpcat = freePort();
        Process utpcat = utpcat(portOfUtpcat);
        awaitBound(portOfUtpcat);
        PeerProcess left = node("dial", portOfUtpcat, ENDLESS);
        left.awaitField(SECONDS, "moving");
        utpcat.destroyForcibly();

        cutOffDialled.get(SECONDS, TimeUnit.SECONDS);
        ofCutOff.assertFailed("utpcat: connection timed out");
        killedDialled.get(SECONDS, TimeUnit.SECONDS);
        ofKilled.assertFailed("utpcat: connection timed out");
        for (PeerProcess peer : List.of(cutOff, left)) {
            assertEquals("Error: UTP_ETIMEDOUT", PeerProcess.field(peer.awaitField(SECONDS, "error"), "error"));
            assertEquals(1, peer.awaitEnd(SECONDS));
        }
    }

    @Test
    void libutpHearsOurReset() throws Exception {
        int port = freePort();
        PeerProcess peer = listen(port, ENDLESS);
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        opened.add(() -> group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS));
        Channel channel = new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(ChannelOption.SO_LINGER, 0)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        ((ByteBuf) message).release();
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), port)
                .sync()
                .channel();
        channel.writeAndFlush(Unpooled.wrappedBuffer(Content.bytes(FIRST_BYTES)));
        peer.awaitField(SECONDS, "moving");
        channel.close();
        assertEquals("Error: UTP_ECONNRESET", PeerProcess.field(peer.awaitField(SECONDS, "error"), "error"));
        assertEquals(1, peer.awaitEnd(SECONDS));
    }

    /** A utpcat in a process of its own, which listens and has nothing to send. */
    private Process utpcat(int port) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        UtpCat.class.getName(),
                        "-l",
                        "-s",
                        "127.0.0.1",
                        "-p",
                        Integer.toString(port))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        opened.add(process::destroyForcibly);
        return process;
    }

    private static void assertWasBad(LossyRelay relay) {
        assertTrue(relay.dropped() > 10 && relay.heldBack() > 20 && relay.duplicated() > 5, relay.toString());
    }

    /** Has nothing until the gate opens. */
    private static final class Gated extends FilterInputStream {
        private final CountDownLatch gate;

        Gated(InputStream in, CountDownLatch gate) {
            super(in);
            this.gate = gate;
        }

        @Override
        public int read(byte[] target, int start, int length) throws IOException {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return super.read(target, start, length);
        }
    }

    /** Our end: utpcat, with what it was given and what came out of it. */
    private static final class Side {
        private final InputStream in;
        private final MessageDigest received = Content.digest("SHA-256");
        private final StringWriter err = new StringWriter();
        private int exitCode;
        private double seconds;

        Side(InputStream in) {
            this.in = in;
        }

        void dial(int port) {
            run("127.0.0.1", Integer.toString(port));
        }

        /** Returns when the port is open: a SYN that comes too early is repeated only after 3 s. */
        CompletableFuture<Void> serve(int port) {
            CompletableFuture<Void> served =
                    CompletableFuture.runAsync(() -> run("-l", "-s", "127.0.0.1", "-p", Integer.toString(port)));
            awaitBound(port);
            return served;
        }

        private void run(String... args) {
            OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), received);
            long startNanos = System.nanoTime();
            exitCode = UtpCat.commandLine(new UtpCat(Channels.newChannel(in), Channels.newChannel(out)))
                    .setErr(new PrintWriter(err, true))
                    .execute(args);
            seconds = (System.nanoTime() - startNanos) / 1e9;
        }

        void assertFailed(String line) {
            assertEquals(line + System.lineSeparator(), err.toString());
            assertEquals(1, exitCode);
        }

        void assertExchanged(PeerProcess peer, int ours, int theirs) throws InterruptedException {
            assertEquals("", err.toString(), peer::log);
            assertEquals(0, exitCode);
            String json = peer.awaitField(SECONDS, "received");
            assertEquals(Integer.toString(ours), PeerProcess.field(json, "received"));
            assertEquals(Content.sha256(ours), PeerProcess.field(json, "receivedSha256"));
            assertEquals(Content.sha256(theirs), Content.hex(received.digest()));
            System.out.printf(
                    Locale.ROOT,
                    "libutp: %,d bytes sent, %,d received in %.2f s (%.1f Mbit/s)%n",
                    ours,
                    theirs,
                    seconds,
                    (ours + theirs) * 8 / seconds / 1e6);
        }
    }

    private PeerProcess listen(int port, int bytes, String... more) throws Exception {
        PeerProcess peer = node("listen", port, bytes, more);
        peer.awaitField(SECONDS, "ready");
        return peer;
    }

    private PeerProcess node(String mode, int port, int bytes, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "node",
                Path.of("src", "test", "interop", "peer.js").toString(),
                mode,
                Integer.toString(port),
                Integer.toString(bytes)));
        command.addAll(List.of(more));
        PeerProcess peer = new PeerProcess(
                Map.of("NODE_PATH", MODULES.toAbsolutePath().normalize().toString()), command);
        opened.add(peer);
        return peer;
    }

    private LossyRelay relay(int port) throws IOException {
        LossyRelay relay = new LossyRelay(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port), LossyRelay.Faults.SOME, SEED);
        opened.add(relay);
        return relay;
    }

    private static int freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Waits until somebody has the port: until a byte that is no packet is not refused any more. */
    private static void awaitBound(int port) {
        byte[] one = new byte[1];
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() - deadlineNanos < 0) {
            try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                socket.connect(InetAddress.getLoopbackAddress(), port);
                socket.setSoTimeout(50);
                socket.send(new DatagramPacket(one, 1));
                socket.receive(new DatagramPacket(one, 1));
            } catch (SocketTimeoutException e) {
                return;
            } catch (IOException e) {
                Thread.onSpinWait();
            }
        }
        throw new AssertionError("nobody listens on " + port);
    }
}
