package dev.tandem.utp.paired.measure;

import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A server's measurements: one at a time, and none soon after another, whoever asks. What they send and take is so little in the long
 * run that nobody needs to be trusted. On the server's event loop.
 */
public final class Measurements {
    /** How long a measurement waits for a client that has lost its carriers: what it measures is spoilt. */
    public static final Duration DETACHED = Duration.ofSeconds(1);

    /** Between the beginnings of two. */
    static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** How long one takes at most. Less than the pause, so that there is but one at a time. */
    static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(25);

    private final EventLoop loop;
    private boolean any;
    private long lastNanos;

    public Measurements(EventLoop loop) {
        this.loop = loop;
    }

    /** Whether there may be one now. */
    public boolean mayBegin() {
        return !any || loop.ticker().nanoTime() - lastNanos >= PAUSE_NANOS;
    }

    /** Begins one; what it returns is to hear of the session. */
    public SessionListener begin(Session session) {
        any = true;
        lastNanos = loop.ticker().nanoTime();
        return new Measurement(loop, session);
    }
}
