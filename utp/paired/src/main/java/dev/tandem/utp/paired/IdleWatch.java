package dev.tandem.utp.paired;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Notices that nothing came or went for a time. Bytes only leave a note of the time; one timer looks when the time could be over, and sets
 * itself again if it is not. All on one event loop.
 */
final class IdleWatch {
    private final EventLoop loop;
    private final long limitNanos;
    private final BooleanSupplier busy;
    private final Runnable whenIdle;
    private long lastNanos;
    private Future<?> timer;

    /**
     * Begins to watch.
     *
     * @param limitNanos how long; more than 0
     * @param busy whether there is something on its way, which does not move perhaps; asked when the time is over
     * @param whenIdle runs once
     */
    IdleWatch(EventLoop loop, long limitNanos, BooleanSupplier busy, Runnable whenIdle) {
        this.loop = loop;
        this.limitNanos = limitNanos;
        this.busy = busy;
        this.whenIdle = whenIdle;
        this.lastNanos = loop.ticker().nanoTime();
        this.timer = loop.schedule(this::look, limitNanos, TimeUnit.NANOSECONDS);
    }

    void handleBytes() {
        lastNanos = loop.ticker().nanoTime();
    }

    void cancel() {
        timer.cancel(false);
    }

    private void look() {
        long left = lastNanos + limitNanos - loop.ticker().nanoTime();
        if (left <= 0 && !busy.getAsBoolean()) {
            whenIdle.run();
        } else {
            timer = loop.schedule(this::look, left > 0 ? left : limitNanos, TimeUnit.NANOSECONDS);
        }
    }
}
