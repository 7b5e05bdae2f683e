package dev.tandem.utp.netty;

/**
 * When to look at what the engine made of datagrams that came. At once, if little comes; but where datagrams come one by one, each
 * some microseconds after the one before, each would have a turn of its own: an acknowledgement, a record, a call of the kernel for
 * whoever reads. So what comes shortly after a turn is looked at together with its followers. The engine itself has each at once: no
 * time that it measures here is another.
 */
final class DrainPace {
    /** Four full packets at 100 Mbit/s. */
    static final long MOST_TOGETHER_NANOS = 400_000;

    /** For less it is not worth a timer. */
    static final long LEAST_TOGETHER_NANOS = 50_000;

    /** Of the shortest round trip: what it becomes longer by is to be nothing beside it. */
    static final int ROUND_TRIP_PARTS = 32;

    /** What comes at once is worth a turn. */
    static final int ENOUGH_BYTES = 16 * 1024;

    private static final long UNKNOWN = Long.MAX_VALUE;

    private long leastRttNanos = UNKNOWN;
    private long togetherNanos;
    private long drainedNanos;
    private int waitingBytes;

    /** So many bytes came. */
    void onDatagram(int bytes) {
        waitingBytes += bytes;
    }

    /** Something was for a connection with that shortest round trip; 0 if it does not know it yet. */
    void onEvent(long minRttNanos) {
        leastRttNanos = Math.min(leastRttNanos, minRttNanos);
    }

    /** All that came was looked at. */
    void onDrained(long nowNanos) {
        if (leastRttNanos != UNKNOWN) {
            long part = leastRttNanos / ROUND_TRIP_PARTS;
            togetherNanos = part < LEAST_TOGETHER_NANOS ? 0 : Math.min(MOST_TOGETHER_NANOS, part);
            leastRttNanos = UNKNOWN;
        }
        drainedNanos = nowNanos;
        waitingBytes = 0;
    }

    /** Whether something came since. */
    boolean isWaiting() {
        return waitingBytes > 0;
    }

    /** How long what came may wait; 0 if it shall not. */
    long delayNanos(long nowNanos) {
        if (togetherNanos == 0 || waitingBytes >= ENOUGH_BYTES) {
            return 0;
        }
        return Math.max(0, togetherNanos - (nowNanos - drainedNanos));
    }
}
