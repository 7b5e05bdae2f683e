package dev.tandem.utp.paired;

import dev.tandem.utp.paired.BoundCounters.Bound;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How many TLS handshakes a server makes in a second: each costs it a millisecond of its one event loop, and its sessions have to go on.
 *
 * <p>Who comes beyond the rate waits for a turn, in order, with the deadline that it has anyway. A connection that were closed instead would come
 * again at once and cost more, and a client would be turned away by a flood that it could have waited out. Waiting costs a socket and the few
 * bytes of one read, and the number of those who wait is the bound on half-open connections.
 */
final class HandshakePace {
    private final EventLoop loop;
    private final BoundCounters counters;
    private final Bound bound;
    private final TokenBucket bucket;
    private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
    private @Nullable Future<?> timer;

    /** @param bound what is counted when somebody has to wait */
    HandshakePace(EventLoop loop, int perSecond, BoundCounters counters, Bound bound) {
        this.loop = loop;
        this.counters = counters;
        this.bound = bound;
        this.bucket = new TokenBucket(
                perSecond,
                (int) Math.min(Integer.MAX_VALUE, 2L * perSecond),
                loop.ticker().nanoTime());
    }

    /** A handler for one connection, in front of TLS. The first bytes ask for a turn: who says nothing costs nothing. */
    ChannelHandler turn() {
        return new Turn();
    }

    int waitingCount() {
        return waiting.size();
    }

    private void handleTimer() {
        timer = null;
        while (!waiting.isEmpty() && bucket.take(loop.ticker().nanoTime())) {
            waiting.remove().begin();
        }
        arm();
    }

    private void arm() {
        if (timer == null && !waiting.isEmpty()) {
            timer = loop.schedule(
                    this::handleTimer, bucket.nanosToNext(loop.ticker().nanoTime()), TimeUnit.NANOSECONDS);
        }
    }

    private final class Turn extends ChannelInboundHandlerAdapter {
        private @Nullable ChannelHandlerContext context;
        private @Nullable ByteBuf held;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (held != null) {
                // What the read that was under way brings behind the first bytes.
                held = ctx.alloc().compositeHeapBuffer().addComponents(true, held, (ByteBuf) message);
            } else if (waiting.isEmpty() && bucket.take(loop.ticker().nanoTime())) {
                ctx.fireChannelRead(message);
                ctx.pipeline().remove(this);
            } else {
                counters.hit(bound);
                context = ctx;
                held = (ByteBuf) message;
                ctx.channel().config().setAutoRead(false);
                waiting.add(this);
                arm();
            }
        }

        private void begin() {
            ChannelHandlerContext ctx = context;
            ByteBuf first = held;
            held = null;
            if (ctx != null && first != null) {
                ctx.fireChannelRead(first);
                ctx.fireChannelReadComplete();
                if (!ctx.isRemoved()) {
                    ctx.pipeline().remove(this);
                    ctx.channel().config().setAutoRead(true);
                }
            }
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext ctx) {
            waiting.remove(this);
            if (held != null) {
                held.release();
                held = null;
            }
        }
    }
}
