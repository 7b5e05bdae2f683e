package dev.tandem.utp.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** A path that acknowledges a controller's whole window, packet by packet, in each round trip. */
final class Rounds {
    static final int PACKET = 1_000;
    static final long MILLI = 1_000_000L;

    private final CongestionController controller;
    long now = 1_000 * MILLI;
    private long delivered;

    Rounds(CongestionController controller) {
        this.controller = controller;
    }

    static void assertNear(double expected, long actual, double tolerance) {
        assertEquals(expected, (double) actual, tolerance);
    }

    /** A round trip in which the application used all of the window. */
    long run(long rttNanos) {
        return run(rttNanos, true);
    }

    /** A round trip; answers the window after it. */
    long run(long rttNanos, boolean windowLimited) {
        long window = controller.windowBytes();
        int packets = (int) Math.max(1, window / PACKET);
        for (int i = 0; i < packets; i++) {
            now += rttNanos / packets;
            delivered += PACKET;
            controller.onAcknowledgement(new CongestionController.Acknowledgement()
                    .set(
                            now,
                            PACKET,
                            window,
                            rttNanos,
                            0,
                            windowLimited,
                            window - PACKET,
                            delivered,
                            Math.max(0, delivered - window),
                            0,
                            !windowLimited));
        }
        return controller.windowBytes();
    }
}
