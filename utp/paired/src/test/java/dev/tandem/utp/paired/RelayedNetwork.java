package dev.tandem.utp.paired;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Another network, but for µTP, which is dialled through a relay once there is one. */
final class RelayedNetwork implements LinkNetwork {
    private final LinkNetwork real;
    volatile @Nullable UdpRelay relay;

    RelayedNetwork(LinkNetwork real) {
        this.real = real;
    }

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        return real.connectTcp(loop, local, remote, timeoutMillis, handler);
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler) {
        UdpRelay through = relay;
        return real.connectUtp(loop, local, through == null ? remote : through.address(), config, handler);
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        return real.bindTcp(loop, local, childHandler);
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
        return real.bindUtp(loop, local, config, childHandler);
    }
}
