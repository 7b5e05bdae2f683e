package dev.tandem.utp.paired.strangers;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Joins a caller's TCP connection to one of its own to the decoy, so that the caller meets what it would meet there: every
 * byte when it comes, an end as an end in each direction by itself, a reset as a reset. It has no deadline of its own that
 * shows.
 *
 * <p>Until it is known who calls, the caller is read whatever happens, and the decoy may be left without a trace.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
final class Splice {
    /** Hears of the decoy while it is not known who calls, and of its absence. */
    interface Watcher {
        /** The decoy said something before the caller was known: it takes the caller for one of its own. */
        void decoySpoke();

        /** The decoy left before the caller was known. The caller does not learn it before {@link #decided()}. Told at least once. */
        void decoyLeft();

        /**
         * The decoy is not to be had.
         *
         * @return whether somebody stands in for it, who has taken what the caller sent with {@link #takePending()}. Otherwise the
         *     caller meets what it would meet at a port where nobody listens: a reset
         */
        boolean decoyUnreachable();
    }

    private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

    /**
     * After the decoy's end the connection is kept so long without a byte of the caller. It is what the kernel grants a
     * socket whose owner has closed it (tcp_fin_timeout), and as invisible: the end was told already.
     */
    private static final long ORPHAN_SECONDS = 60;

    private final Watcher watcher;
    private final @Nullable WriteBufferWaterMark mark;
    private final End caller = new End(true);
    private final End decoy = new End(false);

    /** What came before the decoy was connected: less than a marker's worth, and one read. */
    private final ArrayDeque<ByteBuf> pending = new ArrayDeque<>();

    private @Nullable Channel decoyChannel;
    /** Null for a decoy that nobody is introduced to. */
    private @Nullable Future<Void> introduced;

    private @Nullable Future<?> orphanTimer;
    private boolean decided;
    /** Both ends are closed, or left alone. */
    private boolean over;

    private boolean callerMoved;
    /** The decoy's end, or its reset, that is kept from a caller who may be a client. */
    private boolean endHeld;

    private boolean resetHeld;

    /** @param mark how much may wait to be written to either; null for Netty's usual amount */
    Splice(Watcher watcher, @Nullable WriteBufferWaterMark mark) {
        this.watcher = watcher;
        this.mark = mark;
    }

    /**
     * Dials the decoy.
     *
     * @param bootstrap with the options that its socket is to have
     * @param from where the caller comes from; null if it is gone
     */
    void connect(EventLoop loop, Bootstrap bootstrap, Decoy target, @Nullable SocketAddress from) {
        if (mark != null) {
            bootstrap.option(ChannelOption.WRITE_BUFFER_WATER_MARK, mark);
        }
        ChannelFuture connecting = bootstrap
                .group(loop)
                .channelFactory(() -> UtpTransports.newSocketChannel(loop))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        Introduction introduction = target.introduction();
                        // Who has no address any more is gone.
                        if (introduction != null && from instanceof InetSocketAddress address) {
                            introduced = introduction.begin(channel.pipeline(), address);
                        }
                        channel.pipeline().addLast(decoy);
                    }
                })
                .connect(target.address());
        if (connecting.cause() != null) {
            // There was no socket to be had: nothing can be closed, and listeners would be called on another thread.
            loop.execute(this::handleUnreachable);
            return;
        }
        decoyChannel = connecting.channel();
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                handleUnreachable();
            } else if (introduced != null) {
                introduced.addListener(this::connectedIf);
            } else {
                connectedIf(done);
            }
        });
    }

    private void connectedIf(Future<?> done) {
        if (!done.isSuccess()) {
            handleUnreachable();
        } else if (!over) {
            connected();
        }
    }

    private void handleUnreachable() {
        if (!over && !watcher.decoyUnreachable()) {
            decoy.handleReset();
        }
    }

    /** The handler for the caller's channel. Its bytes are to come to it from the first one on. */
    ChannelInboundHandlerAdapter callerEnd() {
        return caller;
    }

    /** The caller is a stranger: from now on the two are one connection. */
    void decided() {
        decided = true;
        if (mark != null && caller.context != null) {
            caller.context.channel().config().setWriteBufferWaterMark(mark);
        }
        if (resetHeld) {
            abort();
            return;
        }
        if (endHeld) {
            decoy.handleEnd();
        }
        caller.readIf(decoy.takesMore());
    }

    /** The caller is a client, or nobody any more: the decoy is left alone. */
    void drop() {
        over = true;
        releasePending();
        if (decoyChannel != null) {
            decoyChannel.close();
        }
        ChannelHandlerContext ctx = caller.context;
        if (ctx != null && !ctx.isRemoved()) {
            ctx.pipeline().remove(caller);
        }
    }

    /** Whether the caller has ended its direction. */
    boolean isCallerEnded() {
        return caller.inputEnded;
    }

    /** All that the caller sent, if the decoy was never connected. The caller's channel is not used any more. */
    ByteBuf takePending() {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf bytes : pending) {
            all.writeBytes(bytes);
        }
        drop();
        return all;
    }

    private void releasePending() {
        for (ByteBuf bytes; (bytes = pending.poll()) != null; ) {
            bytes.release();
        }
    }

    private void connected() {
        decoy.connected = true;
        for (ByteBuf bytes; (bytes = pending.poll()) != null; ) {
            decoy.take(bytes);
        }
        decoy.flush();
        if (caller.inputEnded) {
            decoy.finish();
        }
        if (decided) {
            caller.readIf(decoy.takesMore());
        }
    }

    private void closeIfDone() {
        if (caller.outputEnded && decoy.outputEnded) {
            end(Channel::close);
        }
    }

    /** One was cut off, and so is the other. */
    private void abort() {
        end(channel -> {
            channel.flush();
            try {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            } catch (ChannelException e) {
                // It was closed first.
            }
            channel.close();
        });
    }

    private interface Way {
        void close(Channel channel);
    }

    private void end(Way way) {
        if (over) {
            return;
        }
        over = true;
        releasePending();
        if (orphanTimer != null) {
            orphanTimer.cancel(false);
        }
        if (caller.context != null) {
            way.close(caller.context.channel());
        }
        if (decoyChannel != null) {
            way.close(decoyChannel);
        }
    }

    private void watchOrphan(EventLoop loop) {
        callerMoved = false;
        orphanTimer = loop.schedule(
                () -> {
                    if (callerMoved) {
                        watchOrphan(loop);
                    } else {
                        end(Channel::close);
                    }
                },
                ORPHAN_SECONDS,
                TimeUnit.SECONDS);
    }

    /** One of the two connections. */
    private final class End extends ChannelInboundHandlerAdapter {
        private final boolean isCaller;
        private final ChannelFutureListener onWritten = written -> {
            if (!written.isSuccess()) {
                handleReset();
            }
        };
        private @Nullable ChannelHandlerContext context;
        private boolean connected;
        /** Its peer will send no more. */
        private boolean inputEnded;
        /** Its peer was told that no more will come. */
        private boolean outputEnded;

        End(boolean isCaller) {
            this.isCaller = isCaller;
            this.connected = isCaller;
        }

        private End other() {
            return isCaller ? decoy : caller;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
        }

        // From the network.

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (isHeld()) {
                // What the decoy says first decides who the caller is.
                watcher.decoySpoke();
            }
            if (over) {
                bytes.release();
                return;
            }
            callerMoved |= isCaller;
            other().take(bytes);
            if (decided) {
                readIf(other().takesMore());
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            other().flush();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE && !connected) {
                // In the middle of being introduced, which fails by it.
                ctx.close();
            } else if (event == ChannelInputShutdownEvent.INSTANCE && !inputEnded) {
                if (isHeld()) {
                    endHeld = true;
                    watcher.decoyLeft();
                } else {
                    handleEnd();
                }
            }
        }

        void handleEnd() {
            ChannelHandlerContext ctx = context;
            inputEnded = true;
            other().finish();
            if (!isCaller && !over && ctx != null) {
                watchOrphan(ctx.channel().eventLoop());
            }
        }

        private void handleReset() {
            if (isHeld()) {
                resetHeld = true;
                watcher.decoyLeft();
            } else {
                abort();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            handleReset();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            // An end in order comes as an event before, and does not close the channel. And whoever is not connected
            // yet is unreachable.
            if (connected) {
                handleReset();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (decided) {
                other().readIf(takesMore());
            }
        }

        /** Whether what this end does is kept from the other, since it is the decoy's, and the caller may be a client. */
        private boolean isHeld() {
            return !isCaller && !decided && !over;
        }

        // To the network.

        boolean takesMore() {
            return connected && context != null && context.channel().isWritable();
        }

        void readIf(boolean wanted) {
            if (context != null && !over) {
                context.channel().config().setAutoRead(wanted);
            }
        }

        void take(ByteBuf bytes) {
            if (connected && context != null) {
                context.write(bytes).addListener(onWritten);
            } else {
                pending.add(bytes);
            }
        }

        void flush() {
            if (connected && context != null && !over) {
                context.flush();
            }
        }

        /** No more will come for it: its peer is told behind all that was written. */
        void finish() {
            ChannelHandlerContext ctx = context;
            if (!connected || ctx == null || over) {
                return;
            }
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) written -> {
                if (!written.isSuccess()) {
                    abort();
                } else if (written.channel() instanceof DuplexChannel duplex) {
                    duplex.shutdownOutput().addListener(shut -> {
                        outputEnded = true;
                        closeIfDone();
                    });
                }
            });
        }
    }
}
