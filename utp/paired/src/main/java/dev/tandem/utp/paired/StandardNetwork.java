package dev.tandem.utp.paired;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The machine's own network. */
final class StandardNetwork implements LinkNetwork {
    static final StandardNetwork INSTANCE = new StandardNetwork();

    /**
     * Most bytes that the kernel takes before it has sent them. What waits there cannot be moved to µTP, and tor cannot
     * reorder it.
     */
    private static final long UNSENT_LOW_WATER_BYTES = 128 * 1024;

    private StandardNetwork() {}

    private static boolean isEpoll(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
    }

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(handler);
        if (isEpoll(loop)) {
            bootstrap
                    .channel(EpollSocketChannel.class)
                    .option(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_LOW_WATER_BYTES);
        } else {
            bootstrap.channel(NioSocketChannel.class);
        }
        return local == null ? bootstrap.connect(remote) : bootstrap.connect(remote, local);
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop, @Nullable InetSocketAddress local, InetSocketAddress remote, ChannelHandler handler) {
        return null;
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(childHandler);
        if (isEpoll(loop)) {
            bootstrap
                    .channel(EpollServerSocketChannel.class)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_LOW_WATER_BYTES);
        } else {
            bootstrap.channel(NioServerSocketChannel.class).option(ChannelOption.SO_REUSEADDR, true);
        }
        return bootstrap.bind(local);
    }

    @Override
    public ChannelFuture bindUtp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        throw new UnsupportedOperationException("no µTP yet");
    }
}
