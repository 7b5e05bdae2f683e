package dev.tandem.utp.paired.session;

/** Round-trip time of one carrier, as the session sees it: RFC 6298 over PING and over DATA with its ACK. */
final class RttEstimator {
    /** RFC 9002 6.2.2, before there is a sample. */
    private static final long INITIAL_RTT_NANOS = 333_000_000;

    private static final long GRANULARITY_NANOS = 1_000_000;

    private long smoothedNanos;
    private long variationNanos;

    void sample(long rttNanos) {
        if (smoothedNanos == 0) {
            smoothedNanos = Math.max(1, rttNanos);
            variationNanos = rttNanos / 2;
        } else {
            variationNanos += (Math.abs(rttNanos - smoothedNanos) - variationNanos) / 4;
            smoothedNanos += (rttNanos - smoothedNanos) / 8;
        }
    }

    /** How long an answer may take at most, if it is not lost: RFC 9002 6.2.1. */
    long ptoNanos(long ackDelayNanos) {
        if (smoothedNanos == 0) {
            return 3 * INITIAL_RTT_NANOS + ackDelayNanos;
        }
        return smoothedNanos + Math.max(4 * variationNanos, GRANULARITY_NANOS) + ackDelayNanos;
    }
}
