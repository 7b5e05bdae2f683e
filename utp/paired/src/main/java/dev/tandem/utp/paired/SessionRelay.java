package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Joins a channel (tor's socket, the ORPort) and a session: back pressure and half-close in both directions, RESET and
 * a broken channel as a close. It is the session's listener and the last handler of the channel, both on one event loop.
 *
 * <p>Give it to {@link LinkClient#dial} or return it from {@link SessionAcceptor#accepted}, add it to the channel's
 * pipeline, and call {@link #join}. Until then the session is paused; the channel should have auto-read off, and what
 * it delivers all the same is kept. If either side is gone by the time of {@code join}, the other is closed.
 *
 * <p>What was read from the channel reaches the other side also when the channel takes nothing more, or is gone: the session then goes on for
 * a bounded time, and what comes for the channel is dropped. What the session delivered is written before the channel is closed.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already, and channelInactive reports it
public final class SessionRelay extends ChannelInboundHandlerAdapter implements SessionListener {
    /** Hears what happens to the session, for a log. */
    public interface Observer {
        /** As {@link SessionListener#onCarrierChanged}. */
        default void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {}

        /** As {@link SessionListener#onAdmitted}. */
        default void onAdmitted(Session session) {}

        /** As {@link SessionListener#onClosed}. */
        default void onClosed(Session session, CloseReason reason, String detail) {}
    }

    /** How long a session may go on without its channel, to deliver what came from it. */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** Of that, how long for the other side's end once all was acknowledged: one that sends on for ever is not waited for. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long LOOK_MILLIS = 50;

    /** How long a channel may take for what the session delivered before it ended. */
    private static final long FLUSH_SECONDS = 10;

    private final Observer observer;
    private final ArrayDeque<ByteBuf> early = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable InputWindow input;
    private @Nullable Session session;
    /** The channel delivered EOF, or is gone. */
    private boolean inputEnded;
    /** The session delivered its end. */
    private boolean outputEnded;
    /** The channel takes nothing more: what the session delivers is dropped. */
    private boolean outputBroken;
    /** The channel delivered EOF, behind which the session was finished. */
    private boolean eof;
    /** The session goes on alone, and ends soon. */
    private boolean lingering;

    public SessionRelay(Observer observer) {
        this.observer = observer;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /**
     * Starts relaying between the session and the channel that this handler was added to. On the event loop, once.
     *
     * @throws IllegalStateException if this handler is in no pipeline yet, or was joined before
     */
    public void join(Session joined) {
        ChannelHandlerContext ctx = context;
        if (ctx == null || session != null) {
            throw new IllegalStateException(ctx == null ? "not in a pipeline" : "joined already");
        }
        session = joined;
        Channel channel = ctx.channel();
        if (joined.closeReason() != null) {
            dropEarly();
            channel.close();
            return;
        }
        input = LocalSockets.window(channel);
        // A write that fails says nothing of what is still to be read.
        channel.config().setAutoClose(false);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
            joined.write(bytes);
        }
        if (eof) {
            joined.finish();
        } else {
            joined.flush();
        }
        if (!channel.isActive()) {
            linger(ctx, joined);
            return;
        }
        channel.config().setAutoRead(joined.isWritable());
        joined.autoRead(channel.isWritable());
    }

    // From the channel to the session.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (session == null) {
            early.add(bytes);
        } else if (inputEnded) {
            bytes.release();
        } else {
            if (input != null) {
                input.onRead(bytes.readableBytes());
            }
            session.write(bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (session != null) {
            session.flush();
            if (input != null) {
                adjustWindow(ctx, input, session.isWritable());
            }
        }
    }

    private static void adjustWindow(ChannelHandlerContext ctx, InputWindow window, boolean writable) {
        long now = ctx.executor().ticker().nanoTime();
        if (window.onReadComplete(writable, now)) {
            LocalSockets.setWindow(ctx.channel(), window);
        } else if (window.isRenewalDue(now)) {
            LocalSockets.renewWindow(ctx.channel(), window);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE && !inputEnded) {
            inputEnded = true;
            eof = true;
            if (session != null) {
                session.finish();
            }
            if (outputBroken) {
                ctx.close();
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (session != null && !outputBroken) {
            session.autoRead(ctx.channel().isWritable());
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        boolean inOrder = inputEnded && outputEnded;
        inputEnded = true;
        outputBroken = true;
        if (session == null) {
            dropEarly();
        } else if (!inOrder) {
            linger(ctx, session);
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset by tor or the ORPort arrives here first; channelInactive does the rest.
        ctx.close();
    }

    /** The channel takes nothing more, or is gone: ends the session behind what was read. */
    private void linger(ChannelHandlerContext ctx, Session open) {
        outputBroken = true;
        if (!lingering) {
            lingering = true;
            // The other side's end comes only behind its bytes.
            open.autoRead(true);
            long now = ctx.executor().ticker().nanoTime();
            linger(ctx, open, now + LINGER_NANOS, now + LINGER_NANOS);
        }
    }

    private void linger(ChannelHandlerContext ctx, Session open, long limitNanos, long graceNanos) {
        if (open.closeReason() != null) {
            return;
        }
        long now = ctx.executor().ticker().nanoTime();
        boolean delivered = open.stats().retainedBytes() == 0;
        boolean sentOn = ctx.channel().isActive() && !inputEnded;
        if (now - limitNanos >= 0 || now - graceNanos >= 0 || (delivered && !eof && !sentOn)) {
            open.reset(ResetReason.USER_CLOSED);
            ctx.close();
            return;
        }
        long grace = delivered && eof ? Math.min(graceNanos - now, GRACE_NANOS) + now : limitNanos;
        ctx.executor().schedule(() -> linger(ctx, open, limitNanos, grace), LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    // From the session to the channel.

    @Override
    public void onData(Session from, ByteBuf bytes) {
        ChannelHandlerContext ctx = context;
        if (ctx == null || outputBroken) {
            bytes.release();
        } else {
            // Not the void promise: it would report a failure as an exception, as if reading were over too.
            ctx.write(bytes).addListener(written -> {
                if (!written.isSuccess()) {
                    handleOutputBroken(ctx, from);
                }
            });
        }
    }

    private void handleOutputBroken(ChannelHandlerContext ctx, Session from) {
        if (outputBroken) {
            return;
        }
        if (session == null || inputEnded) {
            ctx.close();
        } else {
            linger(ctx, from);
        }
    }

    @Override
    public void onDataComplete(Session from) {
        if (context != null) {
            context.flush();
        }
    }

    @Override
    public void onEnd(Session from) {
        outputEnded = true;
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return;
        }
        // Behind all that was written: shutting the output down fails what is still queued.
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) done -> {
            if (done.isSuccess() && done.channel() instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            }
        });
    }

    @Override
    public void onWritabilityChanged(Session from) {
        if (session != null && context != null) {
            context.channel().config().setAutoRead(from.isWritable());
        }
    }

    @Override
    public void onCarrierChanged(Session from, @Nullable CarrierKind old, @Nullable CarrierKind now, String cause) {
        observer.onCarrierChanged(from, old, now, cause);
    }

    @Override
    public void onAdmitted(Session from) {
        observer.onAdmitted(from);
    }

    @Override
    public void onClosed(Session from, CloseReason reason, String detail) {
        if (session != null && context != null) {
            Channel channel = context.channel();
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            if (reason != CloseReason.FINISHED && channel.isOpen()) {
                // Whoever does not read it in time did not want it.
                context.executor().schedule(() -> channel.close(), FLUSH_SECONDS, TimeUnit.SECONDS);
            }
        }
        observer.onClosed(from, reason, detail);
    }

    private void dropEarly() {
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
            bytes.release();
        }
    }
}
