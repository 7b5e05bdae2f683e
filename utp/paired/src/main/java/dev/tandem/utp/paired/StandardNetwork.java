package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The machine's own network. */
final class StandardNetwork implements LinkNetwork {
    static final StandardNetwork INSTANCE = new StandardNetwork();

    /** What the TLS carrier asks of the kernel, for the reason why µTP has it: paths that lose packets. */
    private static final String CONGESTION = "bbr";

    private StandardNetwork() {}

    /** Before it connects or listens. Not as a bootstrap's option: Netty logs a warning of each that is refused. */
    private static <C extends Channel> C withCongestion(C channel) {
        TcpCongestion.ask(channel, CONGESTION);
        return channel;
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
                .channelFactory(() -> withCongestion(UtpTransports.newSocketChannel(loop)))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(handler);
        return local == null ? bootstrap.connect(remote) : bootstrap.connect(remote, local);
    }

    @Override
    public ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channelFactory(UtpChannel::new)
                .option(UtpChannelOption.CONNECTION_CONFIG, config)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        TimeUnit.NANOSECONDS.toMillis(config.connectTimeoutNanos()))
                .handler(handler);
        return local == null ? bootstrap.connect(remote) : bootstrap.connect(remote, local);
    }

    @Override
    public @Nullable InetAddress localAddress(InetSocketAddress remote) {
        // To connect a datagram socket is to look up the route, and no more.
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(remote);
            InetAddress local = socket.getLocalAddress();
            return local.isAnyLocalAddress() ? null : local;
        } catch (IOException | UncheckedIOException e) {
            // There is no route, or no socket left: TCP will say so.
            return null;
        }
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channelFactory(() -> withCongestion(UtpTransports.newServerSocketChannel(loop)))
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(childHandler);
        return bootstrap.bind(local);
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
        return new ServerBootstrap()
                .group(loop)
                .channelFactory(UtpServerChannel::new)
                .option(UtpChannelOption.ENDPOINT_CONFIG, config)
                .option(UtpChannelOption.CONNECTION_CONFIG, config.connection())
                .childHandler(childHandler)
                .bind(local);
    }
}
