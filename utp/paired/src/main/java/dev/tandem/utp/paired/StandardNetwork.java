package dev.tandem.utp.paired;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The machine's own network. */
final class StandardNetwork implements LinkNetwork {
    static final StandardNetwork INSTANCE = new StandardNetwork();

    private StandardNetwork() {}

    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        throw new UnsupportedOperationException("not built yet");
    }

    @Override
    public ChannelFuture connectUtp(
            EventLoop loop, @Nullable InetSocketAddress local, InetSocketAddress remote, ChannelHandler handler) {
        throw new UnsupportedOperationException("not built yet");
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        throw new UnsupportedOperationException("not built yet");
    }

    @Override
    public ChannelFuture bindUtp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
        throw new UnsupportedOperationException("not built yet");
    }
}
