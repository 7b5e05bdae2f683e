package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.CloseReason;
import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionEvent;
import dev.tandem.utp.protocol.ConnectionStats;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.PromiseNotifier;
import io.netty.util.internal.StringUtil;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A µTP connection. It behaves as Netty's TCP channels do: {@code close()} delivers what the engine has taken and fails what
 * is still to be written, and each direction can be shut down by itself. {@code shutdownOutput()} is kinder than theirs: it
 * takes effect behind everything that was flushed.
 *
 * <p>An accepted channel, and one that dials from a server's port, lives on the event loop of that server's socket, whichever
 * loop it is registered with.
 *
 * <p>What the engine does not take stays in the channel's outbound buffer, so writability works as usual; what is not read
 * stays in the engine, so switching auto-read off closes the window that the peer sees.
 */
public final class UtpChannel extends AbstractChannel implements DuplexChannel, UtpChannelConfig.UtpReader {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
    private static final String EXPECTED_TYPE = " (expected: " + StringUtil.simpleClassName(ByteBuf.class) + ")";

    private enum State {
        OPEN,
        CONNECTING,
        ACTIVE,
        CLOSED
    }

    private final UtpChannelConfig config = new UtpChannelConfig(this);

    /** Made when first asked for, which Netty does before this class's own fields are set. */
    private @Nullable Unsafe outerUnsafe;

    private final @Nullable UtpServerChannel sharedWith;
    private State state = State.OPEN;
    private @Nullable UtpSocket socket;
    private @Nullable Connection connection;
    private @Nullable InetSocketAddress remote;
    private @Nullable InetSocketAddress bindTo;
    private @Nullable ChannelPromise connectPromise;
    private boolean readPending;
    private boolean reading;
    private boolean readScheduled;
    private boolean inputShutdown;
    private boolean outputShutdown;
    private boolean wantsToWrite;

    /** Waits for what was flushed before it; null unless shutdownOutput was asked for and is not done. */
    private @Nullable ChannelPromise shutdownPromise;

    /** A channel that dials from a UDP socket of its own. */
    public UtpChannel() {
        super(null);
        sharedWith = null;
    }

    /** A channel that dials from the port on which a server listens, and so lives on the server's event loop. */
    public UtpChannel(UtpServerChannel sharedWith) {
        super(null);
        this.sharedWith = sharedWith;
    }

    /** A connection that a peer dialled. */
    UtpChannel(UtpServerChannel parent, UtpSocket socket, Connection connection) {
        super(parent);
        this.sharedWith = null;
        this.socket = socket;
        this.connection = connection;
        this.remote = connection.remote();
        this.state = State.ACTIVE;
        socket.attach(this, connection);
    }

    /** The connection's figures at this moment, or null before it is dialled. Call it on the event loop. */
    public @Nullable ConnectionStats stats() {
        return connection == null ? null : connection.stats();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return state != State.CLOSED;
    }

    @Override
    public boolean isActive() {
        return state == State.ACTIVE;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    @Override
    public @Nullable InetSocketAddress remoteAddress() {
        return (InetSocketAddress) super.remoteAddress();
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return socket == null ? bindTo : socket.localAddress();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new UtpUnsafe();
    }

    @Override
    public Unsafe unsafe() {
        Unsafe made = outerUnsafe;
        if (made == null) {
            made = new OuterUnsafe(super.unsafe());
            outerUnsafe = made;
        }
        return made;
    }

    private UtpUnsafe innerUnsafe() {
        return (UtpUnsafe) super.unsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop;
    }

    /** Where the socket lives that this channel shares, or the one offered if it is to have its own. */
    private EventLoop loopOfSocket(EventLoop offered) {
        if (socket != null) {
            return socket.loop();
        }
        UtpSocket shared = sharedWith == null ? null : sharedWith.socket();
        return shared == null ? offered : shared.loop();
    }

    @Override
    protected void doBind(SocketAddress local) {
        bindTo = (InetSocketAddress) local;
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        State before = state;
        state = State.CLOSED;
        inputShutdown = true;
        outputShutdown = true;
        ChannelPromise promise = connectPromise;
        if (promise != null) {
            connectPromise = null;
            promise.tryFailure(new ClosedChannelException());
        }
        if (shutdownPromise != null) {
            shutdownPromise.tryFailure(new ClosedChannelException());
            shutdownPromise = null;
        }
        if (before == State.CLOSED || socket == null) {
            return;
        }
        if (connection != null && connection.closeReason() == null) {
            if (config.isAbortOnClose()) {
                connection.reset();
            } else {
                connection.close();
            }
        }
        socket.detach(this, connection);
    }

    // ---- shutting down ----

    @Override
    public boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public boolean isShutdown() {
        return inputShutdown && outputShutdown;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        inEventLoop(() -> {
            if (state != State.ACTIVE || connection == null) {
                promise.tryFailure(notActive());
                return;
            }
            inputShutdown = true;
            connection.discardInput();
            promise.trySuccess();
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        inEventLoop(() -> beginShutdownOutput(promise));
        return promise;
    }

    private void beginShutdownOutput(ChannelPromise promise) {
        ChannelOutboundBuffer waiting = unsafe().outboundBuffer();
        if (!promise.setUncancellable()) {
            return;
        }
        if (state != State.ACTIVE) {
            promise.tryFailure(notActive());
        } else if (shutdownPromise != null) {
            PromiseNotifier.cascade(shutdownPromise, promise);
        } else if (waiting == null || waiting.isEmpty()) {
            innerUnsafe().shutdownOutput(promise);
        } else {
            shutdownPromise = promise;
        }
    }

    /** All that was flushed is with the engine. */
    private void endShutdownOutput() {
        ChannelPromise promise = shutdownPromise;
        shutdownPromise = null;
        if (promise != null) {
            innerUnsafe().shutdownOutput(promise);
        }
    }

    private Exception notActive() {
        return state == State.CLOSED ? new ClosedChannelException() : new NotYetConnectedException();
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        shutdownOutput()
                .addListener(output -> shutdownInput().addListener(input -> {
                    if (output.isSuccess() && input.isSuccess()) {
                        promise.trySuccess();
                    } else {
                        promise.tryFailure(output.isSuccess() ? input.cause() : output.cause());
                    }
                }));
        return promise;
    }

    private void inEventLoop(Runnable action) {
        if (eventLoop().inEventLoop()) {
            action.run();
        } else {
            eventLoop().execute(action);
        }
    }

    @Override
    protected void doShutdownOutput() {
        outputShutdown = true;
        if (connection != null && socket != null) {
            connection.finish();
            socket.drainSoon();
        }
    }

    // ---- writing ----

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException(
                "unsupported message type: " + StringUtil.simpleClassName(message) + EXPECTED_TYPE);
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
        Connection to = connection;
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
        if (state != State.ACTIVE || to == null || socket == null) {
            throw new NotYetConnectedException();
        }
        CloseReason reason = to.closeReason();
        if (reason != null) {
            throw new UtpException(reason);
        }
        wantsToWrite = false;
        for (Object message; (message = in.current()) != null; ) {
            ByteBuf bytes = (ByteBuf) message;
            int offered = bytes.readableBytes();
            int taken = offered == 0 ? 0 : write(to, bytes);
            in.removeBytes(taken);
            if (taken < offered) {
                // The engine says when it has room again.
                wantsToWrite = true;
                break;
            }
        }
        if (shutdownPromise != null && in.isEmpty()) {
            // Not from within Netty's own flush.
            eventLoop().execute(this::endShutdownOutput);
        }
        socket.drainSoon();
    }

    /**
     * How many bytes the engine would take now beyond what waits in the channel; below 0 when it has turned some away. On the
     * event loop.
     */
    public long roomBytes() {
        ChannelOutboundBuffer waiting = unsafe().outboundBuffer();
        return connection == null || waiting == null ? 0 : connection.roomBytes() - waiting.totalPendingWriteBytes();
    }

    /** How many bytes the engine took. */
    private static int write(Connection to, ByteBuf bytes) {
        if (bytes.nioBufferCount() == 1) {
            return to.write(bytes.nioBuffer());
        }
        int taken = 0;
        for (ByteBuffer part : bytes.nioBuffers()) {
            int offered = part.remaining();
            int count = to.write(part);
            taken += count;
            if (count < offered) {
                break;
            }
        }
        return taken;
    }

    // ---- reading ----

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (!reading) {
            readLater();
        }
    }

    @Override
    public void onAutoReadCleared() {
        readPending = false;
    }

    private void readLater() {
        if (!readScheduled && connection != null && connection.isReadable()) {
            readScheduled = true;
            eventLoop().execute(() -> {
                readScheduled = false;
                readNow();
            });
        }
    }

    @SuppressWarnings("deprecation") // Netty names no other way to its allocator's handle
    private void readNow() {
        Connection from = connection;
        if (from == null || reading || !readPending || inputShutdown || state != State.ACTIVE) {
            return;
        }
        RecvByteBufAllocator.Handle handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        reading = true;
        int count;
        try {
            do {
                // No larger than need be: a small one is found again sooner than a large one by Netty's allocators.
                ByteBuf bytes = alloc().ioBuffer(Math.max(1, Math.min(handle.guess(), from.readableBytes())));
                int start = bytes.writerIndex();
                handle.attemptedBytesRead(bytes.writableBytes());
                count = from.read(bytes.internalNioBuffer(start, bytes.writableBytes()));
                handle.lastBytesRead(count);
                if (count <= 0) {
                    bytes.release();
                    break;
                }
                bytes.writerIndex(start + count);
                handle.incMessagesRead(1);
                readPending = false;
                pipeline().fireChannelRead(bytes);
            } while (handle.continueReading() && !inputShutdown);
            handle.readComplete();
            pipeline().fireChannelReadComplete();
        } finally {
            reading = false;
        }
        if (count < 0) {
            onEndOfInput();
        } else if (readPending) {
            readLater();
        }
        if (socket != null) {
            // The window may have opened.
            socket.drainSoon();
        }
    }

    private void onEndOfInput() {
        if (inputShutdown) {
            return;
        }
        inputShutdown = true;
        if (config.isAllowHalfClosure()) {
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        } else {
            unsafe().close(voidPromise());
        }
    }

    // ---- what the socket calls ----

    void onEvent(ConnectionEvent.Kind kind) {
        switch (kind) {
            case INCOMING -> {}
            case CONNECTED -> onConnected();
            case READABLE -> readNow();
            case WRITABLE -> {
                if (wantsToWrite) {
                    innerUnsafe().resumeFlush();
                }
            }
            case CLOSED -> onClosed();
        }
    }

    void onSocketClosed() {
        if (state != State.CLOSED) {
            unsafe().close(voidPromise());
        }
    }

    private void onConnected() {
        ChannelPromise promise = connectPromise;
        if (state != State.CONNECTING || promise == null) {
            return;
        }
        connectPromise = null;
        state = State.ACTIVE;
        boolean wanted = promise.trySuccess();
        // Even if a listener has closed it: that it became inactive follows.
        pipeline().fireChannelActive();
        if (!wanted) {
            unsafe().close(voidPromise());
        }
    }

    private void onClosed() {
        CloseReason reason = connection == null ? null : connection.closeReason();
        if (reason == null || state == State.CLOSED) {
            return;
        }
        if (state == State.CONNECTING) {
            ChannelPromise promise = connectPromise;
            connectPromise = null;
            if (promise != null) {
                promise.tryFailure(
                        reason == CloseReason.CONNECT_TIMEOUT
                                ? new ConnectTimeoutException(reason.description())
                                : new ConnectException(reason.description()));
            }
            unsafe().close(voidPromise());
        } else if (reason != CloseReason.FINISHED) {
            pipeline().fireExceptionCaught(new UtpException(reason));
            unsafe().close(voidPromise());
        } else {
            pipeline().fireUserEventTriggered(UtpFinishedEvent.INSTANCE);
            // All is received, but may wait to be read; the end of the input comes behind it.
            readNow();
        }
    }

    /** What the pipeline, the event loop and the bootstraps call. */
    private final class OuterUnsafe extends ForwardingUnsafe {
        OuterUnsafe(Unsafe target) {
            super(target);
        }

        @Override
        public void register(EventLoop loop, ChannelPromise promise) {
            super.register(loopOfSocket(loop), promise);
        }

        @Override
        public void write(Object message, ChannelPromise promise) {
            if (shutdownPromise == null) {
                super.write(message, promise);
            } else {
                ReferenceCountUtil.release(message);
                promise.tryFailure(new ChannelOutputShutdownException("Channel output shutdown"));
            }
        }
    }

    private final class UtpUnsafe extends AbstractUnsafe {
        void resumeFlush() {
            super.flush0();
        }

        @Override
        protected void flush0() {
            // While the engine is full, more flushes change nothing.
            if (!wantsToWrite) {
                super.flush0();
            }
        }

        @Override
        public void connect(SocketAddress remoteAddress, @Nullable SocketAddress localAddress, ChannelPromise promise) {
            if (promise.isDone() || !ensureOpen(promise)) {
                return;
            }
            try {
                if (state == State.CONNECTING) {
                    throw new ConnectionPendingException();
                }
                if (state == State.ACTIVE) {
                    throw new AlreadyConnectedException();
                }
                dial((InetSocketAddress) remoteAddress, (InetSocketAddress) localAddress, promise);
            } catch (Exception e) {
                safeSetFailure(promise, e);
                closeIfClosed();
            }
        }

        private void dial(InetSocketAddress to, @Nullable InetSocketAddress from, ChannelPromise promise)
                throws Exception {
            if (to.isUnresolved()) {
                throw new UnresolvedAddressException();
            }
            ConnectionConfig connectionConfig = config.connectionConfig();
            if (config.getConnectTimeoutMillis() > 0) {
                connectionConfig = connectionConfig.withConnectTimeoutNanos(
                        TimeUnit.MILLISECONDS.toNanos(config.getConnectTimeoutMillis()));
            }
            UtpSocket used = sharedWith == null ? null : sharedWith.socket();
            if (sharedWith != null && used == null) {
                throw new ConnectException("the server whose port is to be used is not bound");
            }
            if (used == null) {
                InetSocketAddress local = from != null ? from : bindTo != null ? bindTo : anyAddressLike(to);
                EndpointConfig endpointConfig = config.endpointConfig();
                used = UtpSocket.open(
                        eventLoop(), local, endpointConfig, config.udpBufferBytes(), null, config.datagramHandler());
            }
            socket = used;
            remote = to;
            state = State.CONNECTING;
            connectPromise = promise;
            promise.addListener(connected -> {
                if (connected.isCancelled()) {
                    connectPromise = null;
                    unsafe().close(voidPromise());
                }
            });
            connection = used.connect(UtpChannel.this, to, connectionConfig);
        }
    }

    /** The wildcard of the same family: a socket for both may not reach IPv4 where IPv6 is switched off. */
    private static InetSocketAddress anyAddressLike(InetSocketAddress to) {
        try {
            int bytes = to.getAddress() instanceof Inet6Address ? 16 : 4;
            return new InetSocketAddress(InetAddress.getByAddress(new byte[bytes]), 0);
        } catch (UnknownHostException e) {
            throw new AssertionError("zeros are an address", e);
        }
    }

    /** Without addresses. */
    @Override
    public String toString() {
        Channel parent = parent();
        return "UtpChannel(" + id().asShortText() + ", " + state + (parent == null ? "" : ", accepted") + ")";
    }
}
