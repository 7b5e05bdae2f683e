package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A socket, a relay, a session, a relay, a socket: what the two executables are made of. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // what goes wrong shows at the sockets
class SessionRelayTest {
    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    /** Everything between an application's socket and the destination's. */
    private static final class Chain implements AutoCloseable {
        final ServerSocket destination = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        final CompletableFuture<CloseReason> clientClosed = new CompletableFuture<>();
        final LinkFixture link;
        final Channel entrance;

        Chain(LinkConfig config) throws Exception {
            link = new LinkFixture(new StandInNetwork(), config) {
                @Override
                public SessionListener accepted(Session session) {
                    SessionRelay relay = new SessionRelay(new SessionRelay.Observer() {});
                    new Bootstrap()
                            .group(serverLoop)
                            .channel(NioSocketChannel.class)
                            .option(ChannelOption.AUTO_READ, false)
                            .handler(relay)
                            .connect(destination.getLocalSocketAddress())
                            .addListener((ChannelFutureListener) done -> {
                                if (done.isSuccess()) {
                                    relay.join(session);
                                } else {
                                    session.reset(ResetReason.UPSTREAM_UNREACHABLE);
                                }
                            });
                    return relay;
                }
            };
            ChannelFuture bound = new ServerBootstrap()
                    .group(link.clientGroup)
                    .channel(NioServerSocketChannel.class)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            dial(channel, config);
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            LinkFixture.await(bound);
            entrance = bound.channel();
        }

        private void dial(Channel channel, LinkConfig config) {
            SessionRelay relay = new SessionRelay(new SessionRelay.Observer() {
                @Override
                public void onClosed(Session session, CloseReason reason, String detail) {
                    clientClosed.complete(reason);
                }
            });
            channel.pipeline().addLast(relay);
            link.client.dial(link.address, LinkFixture.cert(), config, relay).addListener(done -> {
                if (done.isSuccess()) {
                    relay.join((Session) done.getNow());
                } else {
                    channel.close();
                }
            });
        }

        Socket connect() throws IOException {
            return new Socket(
                    InetAddress.getLoopbackAddress(), ((InetSocketAddress) entrance.localAddress()).getPort());
        }

        @Override
        public void close() throws IOException {
            entrance.close().awaitUninterruptibly();
            destination.close();
            link.close();
        }
    }

    private static CompletableFuture<byte[]> readAll(Socket socket) {
        CompletableFuture<byte[]> all = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try (InputStream in = socket.getInputStream()) {
                all.complete(in.readAllBytes());
            } catch (IOException e) {
                all.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return all;
    }

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void bytesAndEofPassInEachDirectionByItself() throws Exception {
        try (Chain chain = new Chain(LinkConfig.DEFAULT);
                Socket near = chain.connect();
                Socket far = chain.destination.accept()) {
            byte[] up = bytes(3_000_000, 1);
            CompletableFuture<byte[]> arrived = readAllButKeep(far);
            near.getOutputStream().write(up);
            near.shutdownOutput();
            assertArrayEquals(up, LinkFixture.await(arrived));
            // The other direction is still open, after the first one's end.
            byte[] down = bytes(5_000_000, 2);
            CompletableFuture<byte[]> back = readAllButKeep(near);
            far.getOutputStream().write(down);
            far.shutdownOutput();
            assertArrayEquals(down, LinkFixture.await(back));
            assertEquals(CloseReason.FINISHED, LinkFixture.await(chain.clientClosed));
        }
    }

    /** Reads to EOF without closing the socket. */
    private static CompletableFuture<byte[]> readAllButKeep(Socket socket) {
        CompletableFuture<byte[]> all = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                all.complete(socket.getInputStream().readAllBytes());
            } catch (IOException e) {
                all.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return all;
    }

    @Test
    void aReaderThatDoesNotReadStopsTheWriter() throws Exception {
        LinkConfig config = LinkConfig.DEFAULT.withBuffers(128 * 1024, 128 * 1024);
        try (Chain chain = new Chain(config);
                Socket near = chain.connect();
                Socket far = chain.destination.accept()) {
            byte[] up = bytes(20_000_000, 3);
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                try {
                    near.getOutputStream().write(up);
                    near.shutdownOutput();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            // As soon as the server's session holds all it may, everything before it stands.
            Eventually.holds("the server is full", () -> heldAtServer(chain) >= 128 * 1024);
            assertTrue(!written.isDone());
            assertArrayEquals(up, LinkFixture.await(readAllButKeep(far)));
            LinkFixture.await(written);
        }
    }

    private static long heldAtServer(Chain chain) {
        return chain.link.serverTotals.snapshot().receivedTls()
                + chain.link.serverTotals.snapshot().receivedUtp();
    }

    @Test
    void aBrokenDestinationClosesTheSocketAndTellsWhy() throws Exception {
        try (Chain chain = new Chain(LinkConfig.DEFAULT);
                Socket near = chain.connect()) {
            try (Socket far = chain.destination.accept()) {
                far.setSoLinger(true, 0);
            }
            assertEquals(0, LinkFixture.await(readAll(near)).length);
            assertEquals(CloseReason.RESET_BY_PEER, LinkFixture.await(chain.clientClosed));
        }
    }

    @Test
    void aDestinationThatRefusesClosesTheSocket() throws Exception {
        try (Chain chain = new Chain(LinkConfig.DEFAULT)) {
            chain.destination.close();
            try (Socket near = chain.connect()) {
                assertEquals(0, LinkFixture.await(readAll(near)).length);
                assertEquals(CloseReason.RESET_BY_PEER, LinkFixture.await(chain.clientClosed));
            }
        }
    }

    /** A channel whose other end is closed, which shows at a write while there still is something to read. */
    private static final class NoWriter extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            promise.setFailure(new IOException("broken pipe"));
        }
    }

    private static void advance(MockTicker ticker, EmbeddedChannel channel, long millis) {
        for (long step = 0; step < millis; step += 50) {
            ticker.advance(50, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    @Test
    void aWriteThatFailsTakesNothingFromWhatIsStillToBeRead() {
        MockTicker ticker = Ticker.newMockTicker();
        SessionRelay relay = new SessionRelay(new SessionRelay.Observer() {});
        EmbeddedChannel channel = EmbeddedChannel.builder()
                .ticker(ticker)
                .handlers(new NoWriter(), relay)
                .build();
        NoSession session = new NoSession();
        relay.join(session);
        session.retained = 5;
        relay.onData(session, Unpooled.wrappedBuffer(new byte[10]));
        assertTrue(channel.isActive());
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[5]));
        assertEquals(5, session.written);
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertTrue(session.finished);
        assertFalse(channel.isActive(), "nothing more to read or to write");
        assertTrue(session.reading, "the other side's end comes behind its bytes");
        advance(ticker, channel, 20_000);
        assertNull(session.reset, "not before it is delivered");
        session.retained = 0;
        advance(ticker, channel, 900);
        assertNull(session.reset, "the other side may end as well");
        advance(ticker, channel, 200);
        assertEquals(ResetReason.USER_CLOSED, session.reset);
        channel.finishAndReleaseAll();
    }

    @Test
    void aChannelThatBreaksResetsTheSessionBehindWhatWasReadAndNotLaterThanTheBound() {
        MockTicker ticker = Ticker.newMockTicker();
        SessionRelay relay = new SessionRelay(new SessionRelay.Observer() {});
        EmbeddedChannel channel =
                EmbeddedChannel.builder().ticker(ticker).handlers(relay).build();
        NoSession session = new NoSession();
        relay.join(session);
        session.retained = 5;
        // Closing an embedded channel would cancel the timers of its loop.
        channel.pipeline().fireChannelInactive();
        advance(ticker, channel, 29_000);
        assertNull(session.reset);
        assertFalse(session.finished, "a break is no end");
        advance(ticker, channel, 1_100);
        assertEquals(ResetReason.USER_CLOSED, session.reset);
        channel.finishAndReleaseAll();
    }

    @Test
    void joiningTwiceOrOutsideAPipelineIsRefused() {
        SessionRelay relay = new SessionRelay(new SessionRelay.Observer() {});
        assertThrows(IllegalStateException.class, () -> relay.join(new NoSession()));
        EmbeddedChannel channel = new EmbeddedChannel(relay);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[3]));
        NoSession session = new NoSession();
        relay.join(session);
        assertEquals(3, session.written, "what came before is not lost");
        assertThrows(IllegalStateException.class, () -> relay.join(session));
        channel.finishAndReleaseAll();
        assertEquals(ResetReason.USER_CLOSED, session.reset);
    }
}
