package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import java.util.Arrays;

/**
 * The tries of one dial, each with a connection id of its own: libutp ignores a repeated SYN, and libtorrent makes a second
 * socket of it, so only a fresh id is safe. A late answer to an early try is as good as any.
 */
final class SynAttempts {
    private static final int MAX_ATTEMPTS = 5;
    private static final long FIRST_WAIT_NANOS = 1_000_000_000L;
    private static final int[] NO_IDS = {};

    private int[] receiveIds = NO_IDS;
    private int count;
    private long lastNanos;
    private boolean synDue;

    /** Another SYN is to be sent, with this id. */
    void begin(long nowNanos, int receiveId) {
        if (count == receiveIds.length) {
            receiveIds = Arrays.copyOf(receiveIds, MAX_ATTEMPTS);
        }
        receiveIds[count++] = receiveId;
        lastNanos = nowNanos;
        synDue = true;
    }

    /** Whether a SYN is to be sent now. Answers true once for each. */
    boolean takeSyn() {
        boolean due = synDue;
        synDue = false;
        return due;
    }

    /** Whether this is not the first try. */
    boolean isRepeated() {
        return count > 1;
    }

    /** When to try again: after 1 s, and twice as long each time. */
    long deadline() {
        return count < MAX_ATTEMPTS ? lastNanos + (FIRST_WAIT_NANOS << (count - 1)) : LossRecovery.NONE;
    }

    /** Round-trip time of the answer that came now, or -1 if it may answer any of several. */
    long rttNanos(long nowNanos) {
        return count == 1 ? nowNanos - lastNanos : -1;
    }

    /** The ids of all tries. */
    int[] receiveIds() {
        return Arrays.copyOf(receiveIds, count);
    }
}
