package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.EndpointStats;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Accepts µTP connections on a UDP port. Its children live on its own event loop, since they share its socket, whatever
 * child group a {@code ServerBootstrap} is given. To use several loops, bind several ports.
 *
 * <p>The bounds and the connections' options are those of this channel ({@code option}, not {@code childOption}), because a
 * connection exists before its child channel does.
 */
public final class UtpServerChannel extends AbstractServerChannel implements UtpChannelConfig.UtpReader {
    /** Connections that wait while auto-read is off; more are reset. */
    private static final int BACKLOG = 128;

    private final UtpChannelConfig config = new UtpChannelConfig(this);
    private final ArrayDeque<Connection> backlog = new ArrayDeque<>();
    private @Nullable UtpSocket socket;
    private @Nullable InetSocketAddress localAddress;
    private boolean closed;
    private boolean readPending;
    private boolean accepting;

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return socket != null && !closed;
    }

    /** What the socket counted, its connections included; zeros before it is bound. Call it on the event loop. */
    public EndpointStats stats() {
        return socket == null ? new EndpointStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0) : socket.stats();
    }

    /**
     * An address has become known to the filter of {@link UtpChannelOption#ENDPOINT_CONFIG}: its SYNs that came shortly
     * before are answered now. Call it on the event loop.
     *
     * @param source IPv4 within IPv6 as IPv4, as the filter is asked
     */
    public void sourceKnown(InetAddress source) {
        if (socket != null) {
            socket.sourceKnown(source);
        }
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return localAddress;
    }

    @Override
    protected void doBind(SocketAddress local) throws Exception {
        socket = UtpSocket.open(eventLoop(), local, config.endpointConfig(), config.udpBufferBytes(), this, null);
        localAddress = socket.localAddress();
    }

    @Override
    protected void doClose() {
        closed = true;
        if (socket != null) {
            for (Connection waiting : backlog) {
                waiting.reset();
            }
            backlog.clear();
            socket.detachServer();
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (!backlog.isEmpty()) {
            eventLoop().execute(this::accept);
        }
    }

    @Override
    public void onAutoReadCleared() {
        readPending = false;
    }

    /** The socket that this server listens on, for channels that dial from the same port. */
    @Nullable
    UtpSocket socket() {
        return socket;
    }

    void onIncoming(Connection connection) {
        if (backlog.size() >= BACKLOG) {
            connection.reset();
        } else {
            backlog.add(connection);
        }
    }

    void onDrained() {
        accept();
    }

    void onSocketClosed() {
        if (!closed) {
            unsafe().close(voidPromise());
        }
    }

    @SuppressWarnings("deprecation") // Netty names no other way to its allocator's handle
    private void accept() {
        UtpSocket current = socket;
        // One that ended while it waited has nobody left to tell, and is not what was asked for.
        backlog.removeIf(connection -> connection.closeReason() != null);
        if (accepting || !readPending || backlog.isEmpty() || current == null) {
            return;
        }
        accepting = true;
        readPending = false;
        RecvByteBufAllocator.Handle handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        try {
            do {
                handle.incMessagesRead(1);
                pipeline().fireChannelRead(new UtpChannel(this, current, backlog.remove()));
            } while (!backlog.isEmpty() && handle.continueReading());
        } finally {
            accepting = false;
        }
        handle.readComplete();
        pipeline().fireChannelReadComplete();
    }
}
