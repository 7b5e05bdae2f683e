package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.Endpoint;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Netty promises of a channel, where its own tests ask for a TCP socket or do not look. */
@Timeout(30)
class UtpChannelContractTest {
    private static final int MANY_BYTES = 3_000_000;

    /** Several loops, as applications have them. */
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(3, NioIoHandler.newFactory());

    private final Counter counter = new Counter();
    private final CompletableFuture<UtpChannel> accepted = new CompletableFuture<>();

    @AfterEach
    void shutDown() throws Exception {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
    }

    /** Counts what it reads, until the end of the input. */
    private static final class Counter extends ChannelInboundHandlerAdapter {
        final CompletableFuture<Long> atEnd = new CompletableFuture<>();
        private long bytes;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            bytes += ((ByteBuf) message).readableBytes();
            ((ByteBuf) message).release();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                atEnd.complete(bytes);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            atEnd.complete(-bytes);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private Channel server() throws InterruptedException {
        return new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<UtpChannel>() {
                    @Override
                    protected void initChannel(UtpChannel channel) {
                        channel.pipeline().addLast(counter);
                        accepted.complete(channel);
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
    }

    private Bootstrap dialler() {
        return new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(new ChannelInboundHandlerAdapter());
    }

    private UtpChannel connected(Channel server) throws InterruptedException {
        return (UtpChannel) dialler().connect(server.localAddress()).sync().channel();
    }

    private static ByteBuf bytes(int count) {
        return Unpooled.buffer(count).writerIndex(count);
    }

    @Test
    void whatWasFlushedIsDeliveredBeforeTheOutputIsShutDown() throws Exception {
        UtpChannel client = connected(server());
        ChannelFuture written = client.writeAndFlush(bytes(MANY_BYTES));
        ChannelFuture shutdown = client.shutdownOutput();
        ChannelFuture again = client.shutdownOutput();
        ChannelFuture late = client.writeAndFlush(bytes(1));
        assertInstanceOf(ChannelOutputShutdownException.class, late.await().cause());
        assertEquals(MANY_BYTES, counter.atEnd.get(20, TimeUnit.SECONDS));
        assertTrue(written.isSuccess());
        assertTrue(shutdown.await().isSuccess());
        assertTrue(again.await().isSuccess());
        assertTrue(client.isOutputShutdown());
        assertTrue(client.isOpen());
    }

    @Test
    void aShutdownThatWaitsIsNotCancelled() throws Exception {
        UtpChannel client = connected(server());
        client.writeAndFlush(bytes(MANY_BYTES));
        ChannelFuture shutdown = client.shutdownOutput();
        client.eventLoop().submit(() -> {}).sync();
        shutdown.cancel(true);
        assertEquals(MANY_BYTES, counter.atEnd.get(20, TimeUnit.SECONDS));
        assertTrue(shutdown.await().isSuccess());
    }

    /** Without auto-read one connection is accepted for each read. */
    @Test
    void acceptsAsManyAsItIsAskedTo() throws Exception {
        BlockingQueue<Channel> children = new LinkedBlockingQueue<>();
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<UtpChannel>() {
                    @Override
                    protected void initChannel(UtpChannel channel) {
                        children.add(channel);
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        for (int i = 0; i < 3; i++) {
            connected(server).writeAndFlush(bytes(1)).sync();
        }
        for (int i = 0; i < 3; i++) {
            server.read();
            assertNotNull(children.poll(10, TimeUnit.SECONDS));
            server.eventLoop().submit(() -> {}).sync();
            assertEquals(0, children.size());
        }
    }

    /** As where the device does not do the splitting. */
    @Test
    void sendsOneByOneOnceABatchWasRefused() throws Exception {
        AtomicInteger refused = new AtomicInteger();
        transferOverEpoll(ConnectionConfig.DEFAULT, batch -> {
            refused.incrementAndGet();
            return false;
        });
        assertTrue(refused.get() > 0 && refused.get() < 20, refused + " batches");
    }

    /** The kernel refuses a batch of datagrams that it would have to fragment, each time. */
    @Test
    void makesNoBatchOfWhatMayBeFragmented() throws Exception {
        AtomicInteger tooLarge = new AtomicInteger();
        transferOverEpoll(ConnectionConfig.DEFAULT.withMaxDatagramBytes(1_400), batch -> {
            tooLarge.addAndGet(batch.segmentSize() > Endpoint.BASE_DATAGRAM_BYTES ? 1 : 0);
            return true;
        });
        assertEquals(0, tooLarge.get());
    }

    private void transferOverEpoll(ConnectionConfig config, Predicate<SegmentedDatagramPacket> device)
            throws Exception {
        assumeTrue(Epoll.isAvailable() && EpollDatagramChannel.isSegmentedDatagramPacketSupported(), "no GSO here");
        EventLoopGroup epoll = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try {
            Channel server = server();
            UtpServerChannel port = (UtpServerChannel) new ServerBootstrap()
                    .group(epoll)
                    .channel(UtpServerChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter())
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            Objects.requireNonNull(port.socket()).channel().pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
                @Override
                public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                    if (message instanceof SegmentedDatagramPacket batch && !device.test(batch)) {
                        batch.release();
                        promise.tryFailure(new IOException("Invalid argument"));
                    } else {
                        ctx.write(message, promise);
                    }
                }
            });
            UtpChannel client = (UtpChannel) new Bootstrap()
                    .group(epoll)
                    .channelFactory(() -> new UtpChannel(port))
                    .option(UtpChannelOption.CONNECTION_CONFIG, config)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(server.localAddress())
                    .sync()
                    .channel();
            client.writeAndFlush(bytes(MANY_BYTES));
            client.shutdownOutput();
            assertEquals(MANY_BYTES, counter.atEnd.get(20, TimeUnit.SECONDS));
        } finally {
            epoll.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aShutdownThatWaitsFailsWithTheChannel() throws Exception {
        UtpChannel client = connected(server());
        client.writeAndFlush(bytes(MANY_BYTES * 10));
        ChannelFuture shutdown = client.shutdownOutput();
        client.close().sync();
        assertInstanceOf(ClosedChannelException.class, shutdown.await().cause());
    }

    @Test
    void childrenLiveOnTheLoopOfTheirSocketWhateverTheGroupHas() throws Exception {
        Channel server = server();
        for (int i = 0; i < 5; i++) {
            UtpChannel client = connected(server);
            client.writeAndFlush(bytes(10)).sync();
            client.close().sync();
        }
        UtpChannel child = accepted.get(10, TimeUnit.SECONDS);
        assertSame(server.eventLoop(), child.eventLoop());
        assertTrue(child.isRegistered());
    }

    @Test
    void aDialCanBeCancelled() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            ChannelFuture connect = dialler().connect(silent.getLocalSocketAddress());
            assertTrue(connect.cancel(true));
            assertTrue(connect.channel().closeFuture().await(10, TimeUnit.SECONDS));
            assertTrue(connect.isCancelled());
        }
    }

    @Test
    void becomesActiveAndThenInactiveWhenClosedByWhoeverHearsOfTheConnectionFirst() throws Exception {
        Channel server = server();
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        dialler()
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext ctx) {
                        events.add("active");
                    }

                    @Override
                    public void channelInactive(ChannelHandlerContext ctx) {
                        events.add("inactive");
                    }
                })
                .connect(server.localAddress())
                .addListener((ChannelFuture connected) -> connected.channel().close());
        assertEquals("active", events.poll(10, TimeUnit.SECONDS));
        assertEquals("inactive", events.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void whatIsWrittenBeforeTheDialGoesOutAfterIt() throws Exception {
        Channel server = server();
        UtpChannel client = (UtpChannel) dialler().register().sync().channel();
        ChannelFuture early = client.write(bytes(7));
        client.connect(server.localAddress()).sync();
        client.writeAndFlush(bytes(5)).sync();
        assertTrue(early.await().isSuccess());
        client.shutdownOutput().sync();
        assertEquals(12, counter.atEnd.get(10, TimeUnit.SECONDS));
    }

    @Test
    void nothingCanBeShutDownThatIsNotConnected() throws Exception {
        UtpChannel client = (UtpChannel) dialler().register().sync().channel();
        for (Future<?> shutdown :
                new Future<?>[] {client.shutdownInput(), client.shutdownOutput(), client.shutdown()}) {
            assertInstanceOf(NotYetConnectedException.class, shutdown.await().cause());
        }
        assertFalse(client.isInputShutdown() || client.isOutputShutdown());
        client.close().sync();
        assertInstanceOf(
                ClosedChannelException.class, client.shutdownOutput().await().cause());
    }

    @Test
    void aChildClosedByForceResetsThePeer() throws Exception {
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object child) {
                        ((Channel) child).config().setOption(ChannelOption.SO_LINGER, 0);
                        ((Channel) child).unsafe().closeForcibly();
                    }
                })
                .childHandler(new ChannelInboundHandlerAdapter())
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        Channel client =
                dialler().handler(counter).connect(server.localAddress()).sync().channel();
        assertTrue(client.closeFuture().await(10, TimeUnit.SECONDS));
    }

    @Test
    void buffersAreCutToWhatThereCanBe() throws Exception {
        Channel client = dialler()
                .option(ChannelOption.SO_SNDBUF, 1)
                .option(ChannelOption.SO_RCVBUF, Integer.MAX_VALUE)
                .register()
                .sync()
                .channel();
        assertEquals(4 << 10, client.config().getOption(ChannelOption.SO_SNDBUF));
        assertEquals(256 << 20, client.config().getOption(ChannelOption.SO_RCVBUF));
    }
}
