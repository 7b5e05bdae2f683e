package dev.tandem.utp.paired;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Waits, within a limit, until sessions have delivered what was written to them: until all of them are closed, or have been quiet for
 * a while with nothing outstanding. Whoever wrote may be gone and its last bytes still on their way here, so a moment of quiet is not enough.
 */
final class Drain {
    private static final long LOOK_MILLIS = 50;
    private static final int QUIET_LOOKS = 6;

    private final EventLoop loop;
    private final Supplier<? extends Collection<? extends Session>> sessions;
    private final long limitNanos;
    private final Runnable then;
    private int quiet;
    private long lastMoved = -1;

    private Drain(
            EventLoop loop,
            Supplier<? extends Collection<? extends Session>> sessions,
            long limitNanos,
            Runnable then) {
        this.loop = loop;
        this.sessions = sessions;
        this.limitNanos = limitNanos;
        this.then = then;
    }

    /** Runs {@code then}, once, when it is done. On the loop of the sessions. */
    static void start(
            EventLoop loop, Supplier<? extends Collection<? extends Session>> sessions, Duration limit, Runnable then) {
        new Drain(loop, sessions, loop.ticker().nanoTime() + limit.toNanos(), then).look();
    }

    private void look() {
        long moved = 0;
        long outstanding = 0;
        for (Session session : sessions.get()) {
            SessionStats stats = session.stats();
            moved += stats.sentTls() + stats.sentUtp() + stats.receivedTls() + stats.receivedUtp();
            outstanding += stats.retainedBytes() + stats.heldBytes();
        }
        quiet = outstanding == 0 && moved == lastMoved ? quiet + 1 : 0;
        lastMoved = moved;
        boolean late = loop.ticker().nanoTime() - limitNanos >= 0;
        if (sessions.get().isEmpty() || quiet >= QUIET_LOOKS || late) {
            then.run();
        } else {
            loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
