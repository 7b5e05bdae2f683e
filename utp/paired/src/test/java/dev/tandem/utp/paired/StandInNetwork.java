package dev.tandem.utp.paired;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * TCP of 127.0.0.1 as it is, and TCP of 127.0.0.2 in the place of µTP, with faults: what the link does about a carrier
 * that fails must not depend on which one it is.
 */
final class StandInNetwork implements LinkNetwork {
    private static final LinkNetwork REAL = LinkNetwork.standard();

    /** µTP connections dialled, in order. */
    final List<Channel> utpChannels = new CopyOnWriteArrayList<>();

    final List<Channel> tcpChannels = new CopyOnWriteArrayList<>();
    /** No µTP dial reaches anything. */
    volatile boolean utpBlocked;
    /** Made for each µTP dial, with its number, and put before the link's own handlers; null for none. */
    volatile Function<Integer, @Nullable ChannelHandler> utpFault = number -> null;

    /** Put before the link's own handlers on the next TCP connection. */
    volatile @Nullable ChannelHandler tcpFault;

    private static ChannelHandler behind(@Nullable ChannelHandler fault, ChannelHandler handler) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                if (fault != null) {
                    channel.pipeline().addLast(fault);
                }
                channel.pipeline().addLast(handler);
            }
        };
    }

    private static InetSocketAddress utp(InetSocketAddress address) {
        return new InetSocketAddress("127.0.0.2", address.getPort());
    }

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        ChannelHandler fault = tcpFault;
        ChannelFuture future = REAL.connectTcp(loop, local, remote, timeoutMillis, behind(fault, handler));
        tcpChannels.add(future.channel());
        return future;
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler) {
        if (utpBlocked) {
            // Like a SYN that nobody answers, until the link gives up.
            return null;
        }
        ChannelHandler fault = utpFault.apply(utpChannels.size());
        ChannelFuture future = REAL.connectTcp(loop, local, utp(remote), 5000, behind(fault, handler));
        utpChannels.add(future.channel());
        return future;
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        return REAL.bindTcp(loop, local, childHandler);
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
        return REAL.bindTcp(loop, utp(local), childHandler);
    }
}
