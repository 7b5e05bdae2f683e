package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.congestion.CongestionControl;

/**
 * What one run of one client with several circuits is made from; the same setting gives the same result.
 *
 * @param bulk circuits that always have cells to send
 * @param interactive circuits with a cell now and then
 * @param oneForEach whether each circuit has a connection of its own; else one connection has all, as tor gives it to a transport
 * @param rival whether another user downloads over the same line, on one connection
 * @param seconds virtual time, 6 and up
 */
record CircuitsSetting(
        int bulk,
        int interactive,
        boolean oneForEach,
        boolean rival,
        CongestionControl congestion,
        int seconds,
        long seed) {
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** The first third is not measured. */
    private static final int PARTS = 3;

    long endNanos() {
        return seconds * SECOND_NANOS;
    }

    long measuredFromNanos() {
        return endNanos() / PARTS;
    }
}
