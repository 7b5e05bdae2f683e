package dev.tandem.utp.protocol.recovery;

/** Smoothed round-trip time and the retransmission timeout (RFC 6298). All times in nanoseconds. */
public final class RttEstimator {
    /** The timeout before there is a sample (RFC 6298, 2.1). */
    static final long INITIAL_RTO_NANOS = 1_000_000_000L;

    /** On a long path that was steady so far a few milliseconds of queue are no reason to send everything again. */
    static final long MIN_MARGIN_NANOS = 100_000_000L;

    static final long MAX_RTO_NANOS = 16_000_000_000L;

    private long minRtoNanos;
    private long latestNanos;
    private long smoothedNanos;
    private long variationNanos;
    private long minNanos;
    private boolean sampled;

    /** @param minRtoNanos the least timeout, which covers the time a peer may delay an acknowledgement */
    public RttEstimator(long minRtoNanos) {
        this.minRtoNanos = minRtoNanos;
    }

    /** Takes a sample; one that is not positive counts as one nanosecond. */
    public void sample(long rttNanos) {
        long rtt = Math.max(1, rttNanos);
        latestNanos = rtt;
        if (!sampled) {
            sampled = true;
            smoothedNanos = rtt;
            variationNanos = rtt / 2;
            minNanos = rtt;
            return;
        }
        minNanos = Math.min(minNanos, rtt);
        variationNanos += (Math.abs(smoothedNanos - rtt) - variationNanos) / 4;
        smoothedNanos += (rtt - smoothedNanos) / 8;
    }

    /** Changes the least timeout, once it is known who the peer is. */
    public void minRtoNanos(long nanos) {
        minRtoNanos = nanos;
    }

    /** Whether there was a sample yet. */
    public boolean isSampled() {
        return sampled;
    }

    /** The last sample; 0 before the first. */
    public long latestNanos() {
        return latestNanos;
    }

    /** Smoothed round-trip time; 0 before the first sample. */
    public long smoothedNanos() {
        return smoothedNanos;
    }

    /** The smallest round-trip time seen; 0 before the first sample. */
    public long minNanos() {
        return minNanos;
    }

    /** The retransmission timeout without backoff. */
    public long rtoNanos() {
        if (!sampled) {
            return Math.max(INITIAL_RTO_NANOS, minRtoNanos);
        }
        long margin = Math.max(MIN_MARGIN_NANOS, 4 * variationNanos);
        return Math.min(MAX_RTO_NANOS, Math.max(minRtoNanos, smoothedNanos + margin));
    }
}
