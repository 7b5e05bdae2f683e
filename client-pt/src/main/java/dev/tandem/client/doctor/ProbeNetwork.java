package dev.tandem.client.doctor;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.paired.LinkNetwork;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionStats;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Another network, of which it keeps the first TCP and the last µTP connection and when they came. All on one event loop. */
final class ProbeNetwork implements LinkNetwork {
    private final LinkNetwork network;
    private @Nullable Channel tcp;
    private @Nullable Channel utp;
    private @Nullable Throwable utpFailure;
    private boolean withoutUdp;
    private long startNanos;
    private long tcpNanos;
    private boolean tcpConnected;
    private boolean utpConnected;

    ProbeNetwork(LinkNetwork network) {
        this.network = network;
    }

    /** Whether TCP was connected. */
    boolean isTcpConnected() {
        return tcpConnected;
    }

    /** How long that took. */
    long tcpConnectNanos() {
        return tcpNanos - startNanos;
    }

    /** When it was, as {@link System#nanoTime}. */
    long tcpConnectedAtNanos() {
        return tcpNanos;
    }

    /** Whether the network has no way for UDP. */
    boolean isWithoutUdp() {
        return withoutUdp;
    }

    /** Whether µTP was ever connected, paired or not. */
    boolean isUtpConnected() {
        return utpConnected;
    }

    /** Why µTP was not connected the last time; null if it was, or still may be. */
    @Nullable
    Throwable utpFailure() {
        return utpFailure;
    }

    /** What the kernel knows of the first TCP connection; null where it does not say, or the connection is gone. */
    @Nullable
    EpollTcpInfo tcpInfo() {
        return tcp instanceof EpollSocketChannel socket && socket.isActive() ? socket.tcpInfo() : null;
    }

    /** The figures of the last µTP connection; null if there was none. */
    @Nullable
    ConnectionStats utpStats() {
        return utp instanceof UtpChannel channel ? channel.stats() : null;
    }

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        boolean first = tcp == null;
        if (first) {
            startNanos = System.nanoTime();
        }
        ChannelFuture connecting = network.connectTcp(loop, local, remote, timeoutMillis, handler);
        if (first && connecting.cause() == null) {
            tcp = connecting.channel();
            connecting.addListener((ChannelFutureListener) done -> {
                tcpNanos = System.nanoTime();
                tcpConnected = done.isSuccess();
            });
        }
        return connecting;
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler) {
        ChannelFuture connecting = network.connectUtp(loop, local, remote, config, handler);
        if (connecting == null) {
            withoutUdp = true;
            return null;
        }
        if (connecting.cause() != null) {
            utpFailure = connecting.cause();
            return connecting;
        }
        utp = connecting.channel();
        connecting.addListener((ChannelFutureListener) done -> {
            utpFailure = done.cause();
            utpConnected |= done.isSuccess();
        });
        return connecting;
    }

    @Override
    public @Nullable InetAddress localAddress(InetSocketAddress remote) {
        return network.localAddress(remote);
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        return network.bindTcp(loop, local, childHandler);
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
        return network.bindUtp(loop, local, config, childHandler);
    }
}
