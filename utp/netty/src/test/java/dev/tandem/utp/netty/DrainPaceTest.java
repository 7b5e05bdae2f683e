package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DrainPaceTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000 * MICRO;
    private static final int PACKET = 1_400;

    private final DrainPace pace = new DrainPace();

    private void drained(long nowNanos, long rttNanos) {
        pace.onEvent(rttNanos);
        pace.onDrained(nowNanos);
    }

    @Test
    void theFirstAndWhatComesLaterHasItsTurnAtOnce() {
        pace.onDatagram(PACKET);
        assertTrue(pace.isWaiting());
        assertEquals(0, pace.delayNanos(-5 * MILLI));
        drained(-5 * MILLI, 50 * MILLI);
        assertFalse(pace.isWaiting());
        pace.onDatagram(PACKET);
        assertEquals(0, pace.delayNanos(-5 * MILLI + DrainPace.MOST_TOGETHER_NANOS));
    }

    @Test
    void whatComesSoonWaitsForItsFollowers() {
        drained(0, 50 * MILLI);
        pace.onDatagram(PACKET);
        assertEquals(DrainPace.MOST_TOGETHER_NANOS - 100 * MICRO, pace.delayNanos(100 * MICRO));
        for (int i = 1; i < DrainPace.ENOUGH_BYTES / PACKET + 1; i++) {
            pace.onDatagram(PACKET);
        }
        assertEquals(0, pace.delayNanos(100 * MICRO));
    }

    @Test
    void theWaitIsNothingBesideTheRoundTrip() {
        drained(0, 3_200 * MICRO);
        pace.onDatagram(PACKET);
        assertEquals(100 * MICRO, pace.delayNanos(0));
        for (long rttNanos : new long[] {0, 60 * MICRO, MILLI}) {
            drained(0, rttNanos);
            pace.onDatagram(PACKET);
            assertEquals(0, pace.delayNanos(0));
        }
    }

    @Test
    void theShortestRoundTripCounts() {
        pace.onEvent(50 * MILLI);
        drained(0, 3_200 * MICRO);
        pace.onDatagram(PACKET);
        assertEquals(100 * MICRO, pace.delayNanos(0));
        // An acknowledgement that is no event for anybody.
        pace.onDrained(0);
        pace.onDatagram(PACKET);
        assertEquals(100 * MICRO, pace.delayNanos(0));
    }
}
