package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server meets that is not its client: each is turned away in time, and harms no session. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // strangers do not wait for answers
class BadClientTest {
    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration LONG = Duration.ofSeconds(30);

    /** Servers that are impatient of strangers and in one step of clients: the session beside must not miss another on a busy machine. */
    private static final LinkConfig PATIENT = patience(LONG, LONG, LONG);

    private static final LinkConfig IMPATIENT_OF_TLS = patience(SHORT, LONG, LONG);
    private static final LinkConfig IMPATIENT_OF_PROOF = patience(LONG, SHORT, LONG);
    private static final LinkConfig IMPATIENT_OF_PAIRING = patience(LONG, LONG, SHORT);

    private static LinkConfig patience(Duration tls, Duration hello, Duration pairing) {
        return LinkConfig.DEFAULT
                .withTimeouts(LONG, tls, hello, pairing)
                .withStrangers(StrangerConfig.DEFAULT.withWebTimeout(SHORT));
    }

    /** Runs a stranger beside a session that must go on, and gives what the server said about it. */
    private static Refusal refusalOf(LinkConfig config, Stranger stranger) throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), config)) {
            PatternUser server = PatternUser.server(300_000);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 100_000, false);
            Session session = dialUntilUp(link, client);
            stranger.act(link);
            Refusal refusal = link.nextRefusal();
            link.onClient(() -> {
                session.finish();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertEquals(300_000, client.read);
            assertNull(client.error);
            Eventually.holds(
                    "the server holds nothing of strangers",
                    () -> link.onServer(() -> link.server.halfOpenCount() + link.server.unmatchedCount()) == 0
                            && link.strangersPresent() == 0);
            return refusal;
        }
    }

    /** On a busy machine a handshake may take longer than an impatient server waits. */
    private static Session dialUntilUp(LinkFixture link, PatternUser client) throws Exception {
        for (int tries = 20; ; tries--) {
            try {
                Session session = link.dial(LinkConfig.DEFAULT, client);
                Eventually.holds("the server has the session", () -> !link.accepted.isEmpty());
                link.refusals.clear();
                return session;
            } catch (LinkException e) {
                if (tries == 0) {
                    throw e;
                }
            }
        }
    }

    private static final Queue<Socket> OPEN = new ConcurrentLinkedQueue<>();

    @AfterEach
    void closeSockets() throws IOException {
        for (Socket socket; (socket = OPEN.poll()) != null; ) {
            socket.close();
        }
    }

    private interface Stranger {
        void act(LinkFixture link) throws Exception;
    }

    /** Opens a TCP connection; it stays open until the test's end. */
    private static Socket tcp(LinkFixture link, String host, byte[] bytes) throws Exception {
        Socket socket = new Socket();
        // One that nobody holds is closed by the garbage collector.
        OPEN.add(socket);
        socket.connect(new InetSocketAddress(host, link.address.getPort()));
        socket.getOutputStream().write(bytes);
        return socket;
    }

    private static Socket tcp(LinkFixture link, byte[] bytes) throws Exception {
        return tcp(link, "127.0.0.1", bytes);
    }

    private static Socket utp(LinkFixture link, byte[] bytes) throws Exception {
        return tcp(link, "127.0.0.2", bytes);
    }

    /** Completes TLS and then sends the bytes that are made of its keys. */
    private static Channel tls(LinkFixture link, Function<TlsChannelHandler.Up, ByteBuf> first) throws Exception {
        CompletableFuture<Void> up = new CompletableFuture<>();
        ChannelInitializer<Channel> handlers = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(TlsChannelHandler.client(LinkTls.crypto(), LinkFixture.cert()))
                        .addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                                if (event instanceof TlsChannelHandler.Up done) {
                                    ctx.writeAndFlush(first.apply(done));
                                    up.complete(null);
                                }
                            }
                        });
            }
        };
        Channel channel = LinkNetwork.standard()
                .connectTcp(link.clientLoop, null, link.address, 5000, handlers)
                .channel();
        await(up);
        return channel;
    }

    @Test
    void garbageOnTcp() throws Exception {
        assertEquals(
                Refusal.STRANGER,
                refusalOf(PATIENT, link -> tcp(link, "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))));
        assertEquals(Refusal.STRANGER, refusalOf(PATIENT, link -> tcp(link, new byte[1000])));
    }

    @Test
    void silenceBeforeTls() throws Exception {
        assertEquals(Refusal.STRANGER, refusalOf(PATIENT, link -> tcp(link, new byte[0])));
        assertEquals(Refusal.STRANGER, refusalOf(PATIENT, link -> tcp(link, new byte[] {22, 3, 1, 2, 0, 1})));
    }

    @Test
    void aConnectionThatGoesAway() throws Exception {
        assertEquals(
                Refusal.STRANGER,
                refusalOf(PATIENT, link -> tcp(link, new byte[] {22, 3, 1}).close()));
    }

    @Test
    void aClientThatIsSilentAfterItsHello() throws Exception {
        assertEquals(Refusal.TLS_TIMEOUT, refusalOf(IMPATIENT_OF_TLS, link -> tcp(link, ClientHellos.marked())));
    }

    @Test
    void aClientThatGoesAwayAfterItsHello() throws Exception {
        assertEquals(
                Refusal.GONE,
                refusalOf(PATIENT, link -> tcp(link, ClientHellos.marked()).close()));
    }

    @Test
    void aClientWhoseHandshakeFails() throws Exception {
        assertEquals(Refusal.NOT_TLS, refusalOf(PATIENT, link -> {
            Socket socket = tcp(link, ClientHellos.marked());
            socket.getOutputStream().write("not a record of TLS".getBytes(StandardCharsets.US_ASCII));
        }));
    }

    @Test
    void silenceAfterTls() throws Exception {
        assertEquals(
                Refusal.PROOF_TIMEOUT, refusalOf(IMPATIENT_OF_PROOF, link -> tls(link, up -> Unpooled.EMPTY_BUFFER)));
        assertEquals(
                Refusal.PROOF_TIMEOUT,
                refusalOf(
                        IMPATIENT_OF_PROOF,
                        link -> tls(
                                link, up -> Unpooled.buffer().writeByte(0x10).writeShort(42))));
    }

    @Test
    void somethingElseThanHello() throws Exception {
        assertEquals(
                Refusal.BAD_HELLO,
                refusalOf(
                        PATIENT,
                        link -> tls(
                                link, up -> Unpooled.copiedBuffer("GET / HTTP/1.1\r\n", StandardCharsets.US_ASCII))));
        assertEquals(
                Refusal.BAD_HELLO,
                refusalOf(
                        PATIENT,
                        link -> tls(
                                link,
                                up -> Unpooled.buffer()
                                        .writeByte(0x10)
                                        .writeShort(2)
                                        .writeShort(0))));
    }

    /** One that is not known; MEASURE with a value, and twice. */
    @ParameterizedTest
    @ValueSource(strings = {"0002 0000", "0001 0001 00", "0001 0000 0001 0000", "0001 0000 0002 0000", "0001 00"})
    void aHelloWithOptionsThatAreNotAllowed(String options) throws Exception {
        byte[] bytes = HexFormat.of().parseHex(options.replace(" ", ""));
        assertEquals(
                Refusal.BAD_HELLO,
                refusalOf(
                        PATIENT,
                        link -> tls(link, up -> {
                            ByteBuf hello = Unpooled.buffer();
                            new Hello(CarrierPolicy.AUTO, 70_000, up.keys().proof(), false).write(hello);
                            hello.setShort(1, hello.readableBytes() - 3 + bytes.length);
                            return hello.writeBytes(bytes);
                        })));
    }

    @Test
    void aHelloWithAnOptionThatMayBeIgnoredIsWelcome() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), PATIENT)) {
            tls(link, up -> {
                ByteBuf hello = Unpooled.buffer();
                new Hello(CarrierPolicy.AUTO, 70_000, up.keys().proof(), false).write(hello);
                hello.setShort(1, hello.readableBytes() - 3 + 7);
                return hello.writeShort(0x8001).writeShort(3).writeZero(3);
            });
            Eventually.holds("a session is accepted", () -> !link.accepted.isEmpty());
            assertTrue(link.refusals.isEmpty());
        }
    }

    @Test
    void aProofOfAnotherTlsSession() throws Exception {
        byte[][] proof = new byte[1][];
        assertEquals(Refusal.WRONG_PROOF, refusalOf(PATIENT, link -> {
            Channel other = tls(link, up -> {
                proof[0] = up.keys().proof();
                return Unpooled.EMPTY_BUFFER;
            });
            other.close();
            assertEquals(Refusal.GONE, link.nextRefusal());
            tls(link, up -> {
                ByteBuf hello = Unpooled.buffer();
                new Hello(CarrierPolicy.AUTO, 70_000, proof[0], false).write(hello);
                return hello;
            });
        }));
    }

    @Test
    void identifiersThatMatchNoSession() throws Exception {
        assertEquals(Refusal.UTP_UNMATCHED, refusalOf(IMPATIENT_OF_PAIRING, link -> utp(link, new byte[48])));
        assertEquals(Refusal.UTP_UNMATCHED, refusalOf(IMPATIENT_OF_PAIRING, link -> utp(link, new byte[5000])));
    }

    @Test
    void halfAnIdentifierAndThenSilenceOrAnEnd() throws Exception {
        assertEquals(Refusal.UTP_UNMATCHED, refusalOf(IMPATIENT_OF_PAIRING, link -> utp(link, new byte[24])));
        assertEquals(
                Refusal.UTP_UNMATCHED,
                refusalOf(IMPATIENT_OF_PAIRING, link -> utp(link, new byte[24]).close()));
    }

    @Test
    void anIdentifierServesOnce() throws Exception {
        StandInNetwork network = new StandInNetwork();
        CompletableFuture<byte[]> sent = new CompletableFuture<>();
        network.utpFault = number -> new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ByteBuf bytes = (ByteBuf) message;
                byte[] copy = new byte[bytes.readableBytes()];
                bytes.getBytes(bytes.readerIndex(), copy);
                sent.complete(copy);
                ctx.write(bytes, promise);
            }
        };
        try (LinkFixture link = new LinkFixture(network, IMPATIENT_OF_PAIRING)) {
            PatternUser server = PatternUser.server(3_000_000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(10);
            link.dial(LinkConfig.DEFAULT, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertTrue(await(sent).length > 48, "identifier and first record leave together");
            utp(link, await(sent));
            assertEquals(Refusal.UTP_UNMATCHED, link.nextRefusal());
        }
    }

    @Test
    void unmatchedConnectionsAreBoundedInNumberAndBytes() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(
                network,
                LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT
                        .withHalfOpen(3, 3)
                        .withSessions(10, 10)
                        .withUtp(4, 4, 20_000)))) {
            for (int i = 0; i < 6; i++) {
                utp(link, new byte[] {(byte) i});
            }
            assertEquals(Refusal.UTP_DISPLACED, link.nextRefusal());
            assertEquals(Refusal.UTP_DISPLACED, link.nextRefusal());
            for (int i = 0; i < 4; i++) {
                byte[] much = new byte[15_000];
                much[0] = (byte) (i + 1);
                utp(link, much);
            }
            for (int i = 0; i < 4; i++) {
                assertEquals(Refusal.UTP_DISPLACED, link.nextRefusal());
            }
            assertTrue(link.onServer(link.server::unmatchedCount) <= 4);
            for (int i = 0; i < 4; i++) {
                tcp(link, ClientHellos.marked());
            }
            Eventually.holds("one is turned away", () -> link.refusals.contains(Refusal.TOO_MANY));
            assertEquals(3, (int) link.onServer(link.server::halfOpenCount));
        }
    }

    @Test
    void anIdentifierThatComesBeforeItsSessionIsKept() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(2_000_000).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(10);
            // The proof is held back until the identifier has come.
            HoldOneFlight hold = new HoldOneFlight();
            network.tcpFault = hold;
            link.dial(LinkConfig.DEFAULT, client);
            Eventually.holds("a µTP connection waits", () -> link.onServer(link.server::unmatchedCount) > 0);
            link.onClient(() -> {
                hold.release();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertEquals(2_000_000, client.read);
            assertEquals(2_000_000, link.clientTotals.snapshot().receivedUtp());
        }
    }

    /** Lets the ClientHello go, and keeps the client's second flight, with the proof, until released. */
    private static final class HoldOneFlight extends ChannelOutboundHandlerAdapter {
        private int flushes;
        private boolean released;
        private @Nullable ChannelHandlerContext context;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
        }

        @Override
        public void flush(ChannelHandlerContext ctx) {
            if (flushes++ == 0 || released) {
                ctx.flush();
            }
        }

        void release() {
            released = true;
            Objects.requireNonNull(context).flush();
        }
    }
}
