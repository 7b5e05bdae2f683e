package dev.tandem.utp.simulation;

/** The congestion window of a {@link CubicFlow}, in segments: slow start, and growth and reduction as in RFC 9438. */
final class CubicWindow {
    private static final double C = 0.4; // RFC 9438, 5
    private static final double BETA = 0.7; // RFC 9438, 4.6
    private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA); // RFC 9438, 4.3
    private static final double INITIAL = 10; // RFC 6928
    private static final double MINIMUM = 2;
    private static final long NO_EPOCH = Long.MIN_VALUE;

    private double segments = INITIAL;
    private double slowStartThreshold = Double.POSITIVE_INFINITY;
    private double max;
    // Where the window was before its last reduction; from there on the Reno-like estimate grows by 1 for each RTT.
    private double prior;
    private double renoEstimate;
    private double k;
    private long epochNanos = NO_EPOCH;

    double segments() {
        return segments;
    }

    /** One more segment has arrived; not called while losses are being repaired. */
    void onDelivered(long nowNanos, long rttNanos) {
        if (segments < slowStartThreshold) {
            segments++;
            return;
        }
        if (epochNanos == NO_EPOCH) {
            epochNanos = nowNanos;
            renoEstimate = segments;
            max = Math.max(max, segments);
            k = StrictMath.cbrt((max - segments) / C); // RFC 9438, 4.2, figure 2
        }
        renoEstimate += (renoEstimate < prior ? ALPHA : 1) / segments; // RFC 9438, 4.3, figure 4
        double seconds = (nowNanos - epochNanos) / 1e9;
        if (curve(seconds) < renoEstimate) {
            segments = Math.max(segments, renoEstimate);
            return;
        }
        double target = Math.max(segments, Math.min(curve(seconds + rttNanos / 1e9), 1.5 * segments));
        segments += (target - segments) / segments; // RFC 9438, 4.4 and 4.5
    }

    /** A loss that is not part of one already answered. */
    void onCongestion() {
        reduce();
        segments = slowStartThreshold;
    }

    /** A retransmission timeout: RFC 9438, 4.8. */
    void onTimeout() {
        reduce();
        segments = 1;
    }

    private void reduce() {
        prior = segments;
        // Fast convergence: RFC 9438, 4.7.
        max = segments < max ? segments * (1 + BETA) / 2 : segments;
        slowStartThreshold = Math.max(MINIMUM, segments * BETA);
        epochNanos = NO_EPOCH;
    }

    /** RFC 9438, 4.2, figure 1. */
    private double curve(double seconds) {
        double t = seconds - k;
        return C * t * t * t + max;
    }
}
