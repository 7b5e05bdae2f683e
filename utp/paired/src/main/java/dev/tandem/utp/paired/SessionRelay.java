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
import org.jspecify.annotations.Nullable;

/**
 * Joins a channel (tor's socket, the ORPort) and a session: back pressure and half-close in both directions, RESET and
 * a broken channel as a close. It is the session's listener and the last handler of the channel, both on one event loop.
 *
 * <p>Give it to {@link LinkClient#dial} or return it from {@link SessionAcceptor#accepted}, add it to the channel's
 * pipeline, and call {@link #join}. Until then the session is paused; the channel should have auto-read off, and what
 * it delivers all the same is kept. If either side is gone by the time of {@code join}, the other is closed.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already, and channelInactive reports it
public final class SessionRelay extends ChannelInboundHandlerAdapter implements SessionListener {
    /** Hears what happens to the session, for a log. */
    public interface Observer {
        /** As {@link SessionListener#onCarrierChanged}. */
        default void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {}

        /** As {@link SessionListener#onClosed}. */
        default void onClosed(Session session, CloseReason reason, String detail) {}
    }

    private final Observer observer;
    private final ArrayDeque<ByteBuf> early = new ArrayDeque<>();
    private final InputBuffer input = new InputBuffer();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Session session;
    /** The channel delivered EOF, or is gone. */
    private boolean inputEnded;
    /** The session delivered its end. */
    private boolean outputEnded;

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
        if (!channel.isActive()) {
            dropEarly();
            joined.reset(ResetReason.USER_CLOSED);
            return;
        }
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
            joined.write(bytes);
        }
        if (inputEnded) {
            joined.finish();
        } else {
            joined.flush();
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
            input.onRead(bytes.readableBytes());
            session.write(bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (session != null) {
            session.flush();
            if (input.onReadComplete(
                    session.isWritable(), ctx.executor().ticker().nanoTime())) {
                ctx.channel().config().setOption(ChannelOption.SO_RCVBUF, input.bytes());
            }
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE && !inputEnded) {
            inputEnded = true;
            if (session != null) {
                session.finish();
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (session != null) {
            session.autoRead(ctx.channel().isWritable());
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        boolean inOrder = inputEnded && outputEnded;
        inputEnded = true;
        if (session != null && !inOrder) {
            session.reset(ResetReason.USER_CLOSED);
        }
        dropEarly();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset by tor or the ORPort arrives here first; channelInactive does the rest.
        ctx.close();
    }

    // From the session to the channel.

    @Override
    public void onData(Session from, ByteBuf bytes) {
        if (context == null) {
            bytes.release();
        } else {
            // A failed write closes the channel; the void promise would report the same failure as an exception.
            context.write(bytes).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
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
    public void onClosed(Session from, CloseReason reason, String detail) {
        if (session != null && context != null) {
            if (reason == CloseReason.FINISHED) {
                context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            } else {
                context.close();
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
