package dev.tandem.utp.protocol.congestion;

/** The rate at which a window goes out evenly over a round trip, for controllers that reckon in windows. */
final class WindowPacing {
    private static final double SECOND_NANOS = 1e9;

    private double smoothedRttNanos;

    /** A round-trip time, more than 0. */
    void sample(long rttNanos) {
        // RFC 6298, 2.3.
        smoothedRttNanos = smoothedRttNanos == 0 ? rttNanos : smoothedRttNanos + (rttNanos - smoothedRttNanos) / 8;
    }

    /** The smoothed round-trip time in nanoseconds, 0 before the first sample. */
    double smoothedRttNanos() {
        return smoothedRttNanos;
    }

    /** So many windows in each round trip, in bytes a second; 0, which is no bound, before the first sample. */
    long bytesPerSecond(double windowBytes, double windows) {
        return smoothedRttNanos == 0 ? 0 : (long) (windows * windowBytes * SECOND_NANOS / smoothedRttNanos);
    }
}
