package dev.tandem.utp.protocol.congestion;

/**
 * HyStart++ (RFC 9406): ends slow start when the round trips of one round are longer than those of the one before, so that the
 * queue is not found by overflowing it. For paced senders, whose growth needs no bound in each acknowledgement.
 */
final class HyStart {
    private static final long MIN_THRESHOLD_NANOS = 4_000_000L;
    private static final long MAX_THRESHOLD_NANOS = 16_000_000L;
    private static final int THRESHOLD_DIVISOR = 8;
    private static final int SAMPLES = 8;

    /** Of conservative slow start (CSS), which looks whether the longer round trips stay. */
    private static final double CONSERVATIVE_GROWTH = 0.25;

    private static final int CONSERVATIVE_ROUNDS = 5;

    private long roundEndDelivered;
    private long lastRoundMinNanos = Long.MAX_VALUE;
    private long roundMinNanos = Long.MAX_VALUE;
    private int samples;

    private boolean conservative;
    private long baselineNanos;
    private int conservativeRounds;

    /**
     * Takes an acknowledgement that came in slow start.
     *
     * @return by what part of the acknowledged bytes the window is to grow; 0 when slow start is over
     */
    double onAcknowledgement(CongestionController.Acknowledgement acknowledgement) {
        if (acknowledgement.priorDeliveredBytes() >= roundEndDelivered) {
            roundEndDelivered = acknowledgement.deliveredBytes();
            lastRoundMinNanos = roundMinNanos;
            roundMinNanos = Long.MAX_VALUE;
            samples = 0;
            if (conservative && ++conservativeRounds > CONSERVATIVE_ROUNDS) {
                return 0;
            }
        }
        if (acknowledgement.rttNanos() > 0) {
            roundMinNanos = Math.min(roundMinNanos, acknowledgement.rttNanos());
            samples++;
        }
        if (samples >= SAMPLES && lastRoundMinNanos != Long.MAX_VALUE) {
            judge();
        }
        return conservative ? CONSERVATIVE_GROWTH : 1;
    }

    private void judge() {
        if (conservative) {
            // It was no queue of ours, or it is gone.
            conservative = roundMinNanos >= baselineNanos;
            return;
        }
        long threshold =
                Math.max(MIN_THRESHOLD_NANOS, Math.min(lastRoundMinNanos / THRESHOLD_DIVISOR, MAX_THRESHOLD_NANOS));
        if (roundMinNanos >= lastRoundMinNanos + threshold) {
            conservative = true;
            conservativeRounds = 0;
            baselineNanos = roundMinNanos;
        }
    }
}
