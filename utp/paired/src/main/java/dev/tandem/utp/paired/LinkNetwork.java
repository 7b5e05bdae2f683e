package dev.tandem.utp.paired;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
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

    /**
     * Dials TCP. The handler is added before the channel is registered. A future that has failed when it is returned may be
     * without a channel that can be closed: sockets are bounded, and the process may have used up its own.
     */
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

    /**
     * The address that this machine would have on the way to another, by which a client tells one network from another;
     * null if that is not known, and then it remembers nothing of it. Sends nothing, and does not wait.
     */
    default @Nullable InetAddress localAddress(InetSocketAddress remote) {
        return null;
    }

    /** Listens on TCP. The handler is that of each child. */
    ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler);

    /** Listens on µTP. The handler is that of each child. Children go on when the listening channel is closed. */
    ChannelFuture bindUtp(EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler);
}
