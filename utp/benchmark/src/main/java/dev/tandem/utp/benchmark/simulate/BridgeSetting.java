package dev.tandem.utp.benchmark.simulate;

/**
 * What one run of many clients and a bridge is made from; the same setting gives the same result.
 *
 * @param sessions clients, each with one session, 1 to {@link #MAX_SESSIONS}
 * @param bridgeBitsPerSecond rate of the bridge's own line, in each direction
 * @param seconds virtual time, {@link #MIN_SECONDS} and up
 */
record BridgeSetting(int sessions, long bridgeBitsPerSecond, Transport transport, int seconds, long seed) {
    static final int MAX_SESSIONS = 60_000;
    static final int MIN_SECONDS = 6;

    /** The first third of the time is not measured: sessions begin, and traffic comes to its level. */
    private static final int PARTS = 3;

    private static final long SECOND_NANOS = 1_000_000_000L;

    long endNanos() {
        return seconds * SECOND_NANOS;
    }

    /** When measuring begins. */
    long measuredFromNanos() {
        return endNanos() / PARTS;
    }

    /** Until when the last session has begun. */
    long rampNanos() {
        return measuredFromNanos() / 2;
    }
}
