package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;

/**
 * Spreads packets over time at a rate, in batches of a millisecond, so that a window does not go out as one burst. What a late
 * caller missed is made up for, within bounds.
 */
final class Pacer {
    /** Packets may go out so much before their time, which makes batches of them. */
    private static final long QUANTUM_NANOS = 1_000_000L;

    /** Once held back, so much goes out together again, or {@link #BATCH_BYTES} if those are less: few large batches cost less. */
    private static final long BATCH_NANOS = QUANTUM_NANOS / 2;

    private static final int BATCH_BYTES = 64 << 10;

    /** So much is made up for; a later caller has lost it. */
    private static final long MAX_LATE_NANOS = 5_000_000L;

    private static final long SECOND_NANOS = 1_000_000_000L;

    private boolean started;
    private boolean holdingBack;

    /** When the next packet is due. */
    private long nextNanos;

    private long deadline = LossRecovery.NONE;

    /** Whether a packet may go out now; if not, {@link #deadline()} tells when to ask again. */
    boolean mayTransmit(long nowNanos, long bytesPerSecond) {
        if (bytesPerSecond == 0 || !started) {
            return true;
        }
        long ahead = holdingBack ? QUANTUM_NANOS - nanos(batchBytes(bytesPerSecond), bytesPerSecond) : QUANTUM_NANOS;
        holdingBack = nextNanos - nowNanos > ahead;
        if (holdingBack) {
            deadline = nextNanos;
        }
        return !holdingBack;
    }

    /** Whether the next packet is late or just in time: to have none then is to send less than the rate. */
    boolean isDue(long nowNanos) {
        return !started || nextNanos - nowNanos <= 0;
    }

    /** Somebody is about to ask again, or there is nothing to ask for. */
    void forgetDeadline() {
        deadline = LossRecovery.NONE;
    }

    void onTransmitted(long nowNanos, int bytes, long bytesPerSecond) {
        if (bytesPerSecond == 0) {
            started = false;
            return;
        }
        long earliest = nowNanos - MAX_LATE_NANOS;
        long from = started && nextNanos - earliest > 0 ? nextNanos : started ? earliest : nowNanos;
        started = true;
        nextNanos = from + nanos(bytes, bytesPerSecond);
    }

    /** What is worth waiting for at that rate, to go out as one. */
    static int batchBytes(long bytesPerSecond) {
        return (int) Math.min(BATCH_BYTES, (double) bytesPerSecond / SECOND_NANOS * BATCH_NANOS);
    }

    private static long nanos(int bytes, long bytesPerSecond) {
        return (long) ((double) bytes / bytesPerSecond * SECOND_NANOS);
    }

    /** When a packet that was held back is due, or {@link LossRecovery#NONE}. */
    long deadline() {
        return deadline;
    }
}
