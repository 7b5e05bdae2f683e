package dev.tandem.utp.paired.strangers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection until it is known who has opened it. The decoy is dialled at once, and gets each byte at once, all but
 * the read that decides: so its own deadlines run, and whatever it does about a caller who is slow or says little, it does.
 *
 * <p>A caller for whom there is no room is read until it is known whether it is a client, and otherwise meets silence. So does who comes to
 * a server that is too busy to accept: what it says or leaves out makes no difference. When there is room, all is made up for.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
final class Caller extends ChannelInboundHandlerAdapter implements Splice.Watcher {
    /**
     * An end of the decoy is kept back so long after the beginning, if nobody knows then who calls: a client's hello comes
     * right behind TCP's last acknowledgement, or when it was lost and sent again.
     */
    static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final FrontDoor door;
    private final Object origin;
    /** There was room for it, so that it gets what strangers get. */
    private boolean served;
    /** A stranger for whom there is no room yet. */
    private boolean queued;
    /** It has ended its direction while it waited. */
    private boolean ended;

    private final Splice splice;
    private boolean spliced;
    private boolean decided;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> timer;
    private long acceptedNanos;
    /** All that came, until it is decided. */
    private ByteBuf held = Unpooled.EMPTY_BUFFER;

    /**
     * One that is to be added to its channel's pipeline, and then told {@link #serve()} or {@link #waitForRoom()}.
     *
     * @param origin equal for those who are counted together
     */
    Caller(FrontDoor door, Object origin) {
        this.door = door;
        this.origin = origin;
        this.splice = new Splice(this, door.waterMark());
    }

    Object origin() {
        return origin;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        held = ctx.alloc().heapBuffer();
        acceptedNanos = ctx.executor().ticker().nanoTime();
        // An end of the caller is not the end of what it gets.
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    Channel channel() {
        return context().channel();
    }

    /** There is no room for one more stranger: only a client may come in now. */
    void waitForRoom() {
        startTimer(context());
    }

    /** There is room: it gets what strangers get, as if it had come now. */
    void serve() {
        ChannelHandlerContext ctx = context();
        served = true;
        acceptedNanos = ctx.executor().ticker().nanoTime();
        stopTimer();
        Decoy decoy = door.decoy();
        if (decoy != null) {
            spliced = true;
            ctx.pipeline().addLast(splice.callerEnd());
            splice.connect(
                    ctx.channel().eventLoop(),
                    door.newBootstrap(),
                    decoy,
                    ctx.channel().remoteAddress());
            if (queued) {
                splice.decided();
            } else if (held.isReadable()) {
                ctx.fireChannelRead(held.copy());
                ctx.fireChannelReadComplete();
            }
        } else if (queued) {
            door.web().join(ctx.pipeline(), acceptedNanos);
        } else {
            startTimer(ctx);
        }
        if (queued) {
            leaveQueue(ctx);
        }
    }

    private void leaveQueue(ChannelHandlerContext ctx) {
        ByteBuf all = held;
        held = Unpooled.EMPTY_BUFFER;
        if (all.isReadable()) {
            ctx.fireChannelRead(all);
            ctx.fireChannelReadComplete();
        } else {
            all.release();
        }
        if (ended) {
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        leave(ctx);
        if (!spliced) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    /** For a caller who says nothing, as the server in this process would do. */
    private void startTimer(ChannelHandlerContext ctx) {
        timer = ctx.executor()
                .schedule(
                        () -> {
                            decide(Stranger.NO_MARKER);
                            ctx.close();
                        },
                        door.web().remainingNanos(acceptedNanos, ctx.executor()),
                        TimeUnit.NANOSECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (decided && !queued) {
            in.release();
            return;
        }
        held.writeBytes(in, in.readerIndex(), in.readableBytes());
        if (queued) {
            in.release();
            return;
        }
        switch (door.check(held)) {
            case UNDECIDED -> {
                if (spliced) {
                    ctx.fireChannelRead(in);
                } else {
                    in.release();
                }
            }
            case CLIENT -> {
                in.release();
                admit(ctx);
            }
            case STRANGER -> handOver(ctx, Stranger.NO_MARKER, in);
            case REPLAY -> handOver(ctx, Stranger.REPLAYED, in);
        }
    }

    private void admit(ChannelHandlerContext ctx) {
        decided = true;
        stopTimer();
        if (spliced) {
            splice.drop();
        }
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        ByteBuf all = held;
        held = Unpooled.EMPTY_BUFFER;
        door.admit(this, ctx.channel());
        ctx.fireChannelRead(all);
        leave(ctx);
    }

    /**
     * To the decoy, or to the server in this process.
     *
     * @param in what came last and was not passed on yet; null for nothing
     */
    private void handOver(ChannelHandlerContext ctx, Stranger kind, @Nullable ByteBuf in) {
        if (!decide(kind)) {
            return;
        }
        if (!served) {
            release(in);
            queued = true;
            ctx.channel().config().setAutoRead(false);
            startTimer(ctx);
        } else if (spliced) {
            splice.decided();
            if (in != null) {
                ctx.fireChannelRead(in);
            }
            leave(ctx);
        } else {
            release(in);
            ByteBuf all = held;
            held = Unpooled.EMPTY_BUFFER;
            door.web().join(ctx.pipeline(), acceptedNanos);
            leave(ctx);
            ctx.fireChannelRead(all);
        }
    }

    private static void release(@Nullable ByteBuf in) {
        if (in != null) {
            in.release();
        }
    }

    private boolean decide(Stranger kind) {
        ChannelHandlerContext ctx = context;
        if (decided || ctx == null) {
            return false;
        }
        decided = true;
        stopTimer();
        door.turnAway(ctx.channel(), served ? kind : Stranger.OVER_BOUND);
        return true;
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void leave(ChannelHandlerContext ctx) {
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
    }

    /** There are too many of those for whom there is no room. */
    void displace() {
        decide(Stranger.OVER_BOUND);
        stopTimer();
        context().close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            // No client ends here.
            ended = true;
            handOver(ctx, Stranger.NO_MARKER, null);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (spliced) {
            ctx.fireExceptionCaught(cause);
        } else {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        decide(Stranger.NO_MARKER);
        stopTimer();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        held.release();
        held = Unpooled.EMPTY_BUFFER;
    }

    // From the decoy's side.

    @Override
    public void decoySpoke() {
        if (context != null) {
            handOver(context, Stranger.NO_MARKER, null);
        }
    }

    @Override
    public void decoyLeft() {
        ChannelHandlerContext ctx = context;
        if (ctx == null || timer != null) {
            return;
        }
        long heldNanos = acceptedNanos + HOLD_NANOS - ctx.executor().ticker().nanoTime();
        if (heldNanos <= 0) {
            handOver(ctx, Stranger.NO_MARKER, null);
        } else {
            timer = ctx.executor()
                    .schedule(() -> handOver(ctx, Stranger.NO_MARKER, null), heldNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public boolean decoyUnreachable() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return false;
        }
        door.onDecoyUnreachable();
        if (door.isBeforeOrPort()) {
            return false;
        }
        boolean ended = splice.isCallerEnded();
        ByteBuf sent = splice.takePending();
        spliced = false;
        if (decided) {
            ChannelPipeline pipeline = ctx.pipeline();
            door.web().join(pipeline, acceptedNanos);
            pipeline.fireChannelRead(sent);
            if (ended) {
                pipeline.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            }
            // It was paused for the decoy.
            ctx.channel().config().setAutoRead(true);
        } else {
            sent.release();
            startTimer(ctx);
        }
        return true;
    }
}
