package dev.tandem.utp.paired;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The machine's network, which knows what was not closed and what was not released. */
final class CountedNetwork implements LinkNetwork {
    private static final LinkNetwork REAL = LinkNetwork.standard();

    /** Not closed yet, listening ones included. */
    final Set<Channel> open = ConcurrentHashMap.newKeySet();

    /** Of every connection. Without pools, so that what it counts is what somebody holds. */
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);

    private void count(Channel channel) {
        open.add(channel);
        channel.closeFuture().addListener(closed -> open.remove(channel));
    }

    private ChannelHandler counted(ChannelHandler handler) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                count(channel);
                channel.config().setAllocator(allocator);
                channel.pipeline().addLast(handler);
            }

            @Override
            public boolean isSharable() {
                return true;
            }
        };
    }

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        return REAL.connectTcp(loop, local, remote, timeoutMillis, counted(handler));
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler) {
        return REAL.connectUtp(loop, local, remote, config, counted(handler));
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        ChannelFuture bound = REAL.bindTcp(loop, local, counted(childHandler));
        count(bound.channel());
        return bound;
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
        ChannelFuture bound = REAL.bindUtp(loop, local, config, counted(childHandler));
        count(bound.channel());
        return bound;
    }
}
