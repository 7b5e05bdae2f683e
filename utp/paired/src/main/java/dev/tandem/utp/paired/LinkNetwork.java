package dev.tandem.utp.paired;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.SourceFilter;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where the link's channels come from. {@link #standard} is the machine's network; others put a proxy before TCP, or
 * faults under test. Every channel made is registered with the loop given, children of a server too, and passes on
 * {@code ByteBuf}s as a stream.
 */
public interface LinkNetwork {
    /** TCP by epoll where the loop has it, else NIO, and µTP over UDP likewise. */
    static LinkNetwork standard() {
        return StandardNetwork.INSTANCE;
    }

    /** Dials TCP. The handler is added before the channel is registered. */
    ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler);

    /** Dials µTP; null if there is no µTP here (behind a proxy without UDP). */
    @Nullable
    ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config,
            ChannelHandler handler);

    /** Listens on TCP. The handler is that of each child. */
    ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler);

    /**
     * Listens on µTP, silent to addresses that the filter does not know.
     *
     * <p>Unless overridden it filters nothing.
     *
     * @param sources null for no filter
     */
    default ChannelFuture bindUtp(
            EventLoop loop,
            InetSocketAddress local,
            ConnectionConfig config,
            @Nullable SourceFilter sources,
            ChannelHandler childHandler) {
        return bindUtp(loop, local, config, childHandler);
    }

    /** Listens on µTP. The handler is that of each child. Children go on when the listening channel is closed. */
    ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress local, ConnectionConfig config, ChannelHandler childHandler);
}
