package dev.tandem.utp.paired;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for what other threads bring about on real sockets, and gives way meanwhile: on a machine with two cores a thread that
 * spins takes one from those it waits for.
 */
final class Eventually {
    private static final int LIMIT_SECONDS = 30;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private Eventually() {}

    /** Returns when the condition holds; fails with the description if it does not within 30 s. */
    static void holds(String description, Callable<Boolean> condition) throws Exception {
        holds(description, LIMIT_SECONDS, condition);
    }

    /** The same within another time. */
    static void holds(String description, int limitSeconds, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(limitSeconds);
        while (!condition.call()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + limitSeconds + " s: " + description);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
