package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tandem.utp.protocol.CloseReason;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The channel on real sockets, on loopback. */
@Timeout(20)
class UtpChannelTest {
    enum Transport {
        NIO,
        EPOLL;

        EventLoopGroup newGroup() {
            assumeTrue(this == NIO || Epoll.isAvailable(), "no epoll here");
            return new MultiThreadIoEventLoopGroup(
                    1, this == NIO ? NioIoHandler.newFactory() : EpollIoHandler.newFactory());
        }
    }

    private final List<EventLoopGroup> groups = new ArrayList<>();

    private EventLoopGroup group(Transport transport) {
        EventLoopGroup group = transport.newGroup();
        groups.add(group);
        return group;
    }

    private EventLoopGroup group() {
        return group(Epoll.isAvailable() ? Transport.EPOLL : Transport.NIO);
    }

    @AfterEach
    void shutDown() throws Exception {
        for (EventLoopGroup group : groups) {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
        }
    }

    /** Sends a seeded pattern of some length, checks that the same comes back, and remembers how it ended. */
    static final class Pattern extends ChannelInboundHandlerAdapter {
        private static final int CHUNK_BYTES = 32 << 10;
        private final long seed;
        private final int total;
        private final Random outgoing;
        private final Random incoming;
        private int sent;
        private int received;
        final CompletableFuture<Integer> done = new CompletableFuture<>();

        Pattern(long seed, int total) {
            this.seed = seed;
            this.total = total;
            this.outgoing = new Random(seed);
            this.incoming = new Random(seed);
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            pump(ctx);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            pump(ctx);
        }

        private void pump(ChannelHandlerContext ctx) {
            while (sent < total && ctx.channel().isWritable()) {
                int count = Math.min(CHUNK_BYTES, total - sent);
                // In one piece: paranoid leak detection records every single access.
                byte[] chunk = new byte[count];
                for (int i = 0; i < count; i++) {
                    chunk[i] = (byte) outgoing.nextInt();
                }
                sent += count;
                ctx.writeAndFlush(ctx.alloc().buffer(count).writeBytes(chunk), ctx.voidPromise());
                if (sent == total) {
                    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)
                            .addListener(written -> ((UtpChannel) ctx.channel()).shutdownOutput());
                }
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            byte[] chunk = new byte[bytes.readableBytes()];
            bytes.readBytes(chunk).release();
            for (byte actual : chunk) {
                if (actual != (byte) incoming.nextInt()) {
                    done.completeExceptionally(new AssertionError("seed " + seed + ": byte " + received));
                }
                received++;
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE) {
                done.complete(received);
                ctx.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            done.complete(received);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            done.completeExceptionally(cause);
        }
    }

    /** Sends back what comes, with back pressure, and ends when the peer has. */
    @ChannelHandler.Sharable
    static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.write(message, ctx.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE) {
                ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> ctx.close());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private static UtpServerChannel listen(EventLoopGroup group, String host, ChannelHandler handler)
            throws InterruptedException {
        return (UtpServerChannel) new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(handler)
                .bind(host, 0)
                .sync()
                .channel();
    }

    private static Bootstrap dialer(EventLoopGroup group, ChannelHandler handler) {
        return new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5_000)
                .handler(handler);
    }

    private static void exchange(EventLoopGroup client, Channel server, int bytes) throws Exception {
        Pattern pattern = new Pattern(7, bytes);
        dialer(client, pattern).connect(server.localAddress()).sync();
        assertEquals(bytes, pattern.done.get(15, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void echoesTwentyMegabytes(Transport transport) throws Exception {
        exchange(group(transport), listen(group(transport), "127.0.0.1", new Echo()), 20_000_000);
    }

    @Test
    void nioAndEpollUnderstandEachOther() throws Exception {
        exchange(group(Transport.NIO), listen(group(Transport.EPOLL), "127.0.0.1", new Echo()), 2_000_000);
    }

    @Test
    void speaksIpv6() throws Exception {
        boolean available = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress());
        assumeTrue(available, "no IPv6 loopback address here");
        exchange(group(), listen(group(), "::1", new Echo()), 2_000_000);
    }

    @Test
    void carriesManyConnectionsOnOneSocket() throws Exception {
        EventLoopGroup clients = group();
        Channel server = listen(group(), "127.0.0.1", new Echo());
        List<Pattern> patterns = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Pattern pattern = new Pattern(i, 50_000);
            patterns.add(pattern);
            dialer(clients, pattern).connect(server.localAddress());
        }
        for (Pattern pattern : patterns) {
            assertEquals(50_000, pattern.done.get(15, TimeUnit.SECONDS));
        }
    }

    @Test
    void dialsAndListensOnOnePort() throws Exception {
        EventLoopGroup here = group();
        AtomicReference<InetSocketAddress> seen = new AtomicReference<>();
        UtpServerChannel own = listen(here, "127.0.0.1", new Echo());
        UtpServerChannel other = listen(group(), "127.0.0.1", new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                seen.set((InetSocketAddress) channel.remoteAddress());
                channel.pipeline().addLast(new Echo());
            }
        });
        Pattern pattern = new Pattern(1, 100_000);
        new Bootstrap()
                .group(here)
                .channelFactory(() -> new UtpChannel(own))
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(pattern)
                .connect(other.localAddress())
                .sync();
        assertEquals(100_000, pattern.done.get(20, TimeUnit.SECONDS));
        assertEquals(own.localAddress(), seen.get());
        exchange(group(), own, 100_000);
    }

    @Test
    void deliversWhatWasWrittenRightBeforeClose() throws Exception {
        CompletableFuture<Integer> received = new CompletableFuture<>();
        Channel server = listen(group(), "127.0.0.1", new ChannelInboundHandlerAdapter() {
            private int count;

            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                count += ((ByteBuf) message).readableBytes();
                ((ByteBuf) message).release();
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                received.complete(count);
                ctx.close();
            }
        });
        dialer(group(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext ctx) {
                        ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[10_000]))
                                .addListener(written -> ctx.close());
                    }
                })
                .connect(server.localAddress())
                .sync();
        assertEquals(10_000, received.get(20, TimeUnit.SECONDS));
    }

    @Test
    void stopsTheSenderWhenAutoReadIsOff() throws Exception {
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        Channel server = listen(group(), "127.0.0.1", new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.config().setAutoRead(false);
                channel.pipeline().addLast(new Echo());
                accepted.complete(channel);
            }
        });
        Pattern pattern = new Pattern(3, 20_000_000);
        UtpChannel client = (UtpChannel)
                dialer(group(), pattern).connect(server.localAddress()).sync().channel();
        Channel child = accepted.get(10, TimeUnit.SECONDS);
        // The window is filled, and then nothing moves.
        int window = ConnectionConfig.DEFAULT.receiveBufferBytes();
        while (bytesAcknowledged(client) < window - 10_000) {
            Thread.onSpinWait();
        }
        assertFalse(client.isWritable());
        assertTrue(bytesAcknowledged(client) <= window + 4_096);
        child.config().setAutoRead(true);
        assertEquals(20_000_000, pattern.done.get(15, TimeUnit.SECONDS));
    }

    private static long bytesAcknowledged(UtpChannel channel) throws Exception {
        return channel.eventLoop()
                .submit(() -> {
                    var stats = channel.stats();
                    return stats == null ? 0 : stats.bytesAcknowledged();
                })
                .get();
    }

    @Test
    void aRefusedDialFailsAtOnce() throws Exception {
        EventLoopGroup group = group();
        UtpServerChannel shy = (UtpServerChannel) new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .option(UtpChannelOption.ENDPOINT_CONFIG, EndpointConfig.DEFAULT.withMaxConnections(100))
                .childHandler(new Echo())
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        UtpChannel dialled = (UtpChannel)
                dialer(group, new Echo()).connect(shy.localAddress()).sync().channel();
        // Its own socket is bound but does not listen.
        int port = Objects.requireNonNull(dialled.localAddress()).getPort();
        ChannelFuture refused =
                dialer(group(), new Echo()).connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        assertTrue(refused.await(10, TimeUnit.SECONDS));
        assertInstanceOf(ConnectException.class, refused.cause());
        assertEquals("connection refused", refused.cause().getMessage());
        assertTrue(refused.channel().closeFuture().await(10, TimeUnit.SECONDS));
    }

    @Test
    void aDialToSilenceTimesOut() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            ChannelFuture future = dialer(group(), new Echo())
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 200)
                    .connect(silent.getLocalSocketAddress());
            assertTrue(future.await(10, TimeUnit.SECONDS));
            assertInstanceOf(ConnectTimeoutException.class, future.cause());
        }
    }

    @Test
    void noConnectTimeoutMeansTheConnectionsOwn() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new Echo());
        ChannelFuture future = dialer(group(), new Echo())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .connect(server.localAddress());
        assertTrue(future.await(10, TimeUnit.SECONDS));
        assertTrue(future.isSuccess(), () -> String.valueOf(future.cause()));
    }

    /** Its lingering connection keeps the port for some seconds after an orderly end, but a reset one must not. */
    @Test
    void aDialledChannelGivesItsPortBack() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new Echo());
        UtpChannel client = (UtpChannel) dialer(group(), new Echo())
                .option(ChannelOption.SO_LINGER, 0)
                .connect(server.localAddress())
                .sync()
                .channel();
        int port = Objects.requireNonNull(client.localAddress()).getPort();
        assertThrows(IOException.class, () -> new DatagramSocket(port).close());
        client.close().sync();
        // Behind whatever the event loop still has to do for it.
        client.eventLoop().submit(() -> {}).sync();
        new DatagramSocket(port).close();
    }

    @Test
    void whatEndedBeforeItWasAcceptedIsNotAccepted() throws Exception {
        List<Channel> accepted = new CopyOnWriteArrayList<>();
        UtpServerChannel server = (UtpServerChannel) new ServerBootstrap()
                .group(group())
                .channel(UtpServerChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted.add(channel);
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        Channel gone = dialer(group(), new Echo())
                .option(ChannelOption.SO_LINGER, 0)
                .connect(server.localAddress())
                .sync()
                .channel();
        gone.close().sync();
        while (server.eventLoop().submit(() -> server.stats().connections()).get() > 0) {
            Thread.onSpinWait();
        }
        dialer(group(), new Echo()).connect(server.localAddress()).sync();
        server.read();
        while (accepted.isEmpty()) {
            Thread.onSpinWait();
        }
        server.eventLoop().submit(() -> {}).sync();
        assertEquals(1, accepted.size());
        assertTrue(accepted.get(0).isOpen());
    }

    @Test
    void aPortInUseFailsTheBind() throws Exception {
        EventLoopGroup group = group();
        Channel first = listen(group, "127.0.0.1", new Echo());
        ChannelFuture second = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .childHandler(new Echo())
                .bind(first.localAddress());
        assertTrue(second.await(10, TimeUnit.SECONDS));
        assertInstanceOf(IOException.class, second.cause());
        exchange(group(), first, 1_000);
    }

    @Test
    void aResetComesAsAnException() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
                ctx.close();
            }
        });
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Channel client = dialer(group(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                        failure.complete(cause);
                    }
                })
                .connect(server.localAddress())
                .sync()
                .channel();
        client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
        UtpException exception = assertInstanceOf(UtpException.class, failure.get(10, TimeUnit.SECONDS));
        assertEquals(CloseReason.RESET_BY_PEER, exception.reason());
        assertTrue(client.closeFuture().await(10, TimeUnit.SECONDS));
    }

    @Test
    void aHandlerThatThrowsHurtsNobodyElse() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new ChannelInitializer<Channel>() {
            private boolean first = true;

            @Override
            protected void initChannel(Channel channel) {
                boolean throwing = first;
                first = false;
                channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        if (throwing) {
                            ((ByteBuf) message).release();
                            throw new IllegalStateException("on purpose");
                        }
                        ctx.fireChannelRead(message);
                    }
                });
                channel.pipeline().addLast(new Echo());
            }
        });
        EventLoopGroup clients = group();
        Channel victim = dialer(clients, new Echo())
                .connect(server.localAddress())
                .sync()
                .channel();
        victim.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
        exchange(clients, server, 500_000);
    }

    @Test
    void garbageOnThePortHurtsNobody() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new Echo());
        Random random = new Random(11);
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 500; i++) {
                byte[] bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                socket.send(new DatagramPacket(bytes, bytes.length, server.localAddress()));
            }
        }
        exchange(group(), server, 500_000);
    }

    @Test
    void refusesToWriteAfterItsOutputWasShutDown() throws Exception {
        Channel server = listen(group(), "127.0.0.1", new ChannelInboundHandlerAdapter());
        UtpChannel client = (UtpChannel) dialer(group(), new ChannelInboundHandlerAdapter())
                .connect(server.localAddress())
                .sync()
                .channel();
        client.shutdownOutput().sync();
        assertTrue(client.isOutputShutdown());
        assertFalse(client.isInputShutdown());
        ByteBuf bytes = Unpooled.wrappedBuffer(new byte[10]);
        assertThrows(
                ClosedChannelException.class, () -> client.writeAndFlush(bytes).sync());
        assertEquals(0, bytes.refCnt());
        assertThrows(
                UnsupportedOperationException.class,
                () -> dialer(group(), new Echo())
                        .connect(server.localAddress())
                        .sync()
                        .channel()
                        .writeAndFlush("not bytes")
                        .sync());
    }

    @Test
    void closingAServerLeavesItsConnections() throws Exception {
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        Channel server = listen(group(), "127.0.0.1", new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                accepted.complete(channel);
                channel.pipeline().addLast(new Echo());
            }
        });
        InetSocketAddress address = (InetSocketAddress) server.localAddress();
        Pattern pattern = new Pattern(5, 3_000_000);
        dialer(group(), pattern).connect(address).sync();
        accepted.get(10, TimeUnit.SECONDS);
        server.close().sync();
        ChannelFuture late = dialer(group(), new Echo()).connect(address);
        assertTrue(late.await(10, TimeUnit.SECONDS));
        assertFalse(late.isSuccess());
        assertEquals(3_000_000, pattern.done.get(15, TimeUnit.SECONDS));
    }
}
