package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PacerTest {
    private static final long MILLI = 1_000_000L;

    /** A thousand bytes each millisecond. */
    private static final long RATE = 1_000_000;

    private final Pacer pacer = new Pacer();

    private int burst(long now) {
        int packets = 0;
        while (pacer.mayTransmit(now, RATE)) {
            pacer.onTransmitted(now, 100, RATE);
            packets++;
        }
        return packets;
    }

    @Test
    void letsOutAQuantumAndThenTellsWhenToComeAgain() {
        // A millisecond's worth, and the packet that begins beyond it.
        assertEquals(11, burst(0));
        assertFalse(pacer.mayTransmit(0, RATE));
        assertEquals(1_100_000, pacer.deadline());
        assertEquals(11, burst(1_100_000));
    }

    @Test
    void keepsTheRateWhenAskedOften() {
        int packets = 0;
        for (long now = 0; now < 100 * MILLI; now += 10_000) {
            packets += burst(now);
        }
        assertTrue(packets >= 1_000 && packets <= 1_011, packets + " packets");
    }

    @Test
    void makesUpForALateCallerWithinBounds() {
        burst(0);
        // Four milliseconds late: all of it; a second late: five milliseconds' worth.
        assertEquals(51, 11 + burst(4 * MILLI));
        int late = burst(1_004 * MILLI);
        assertTrue(late >= 60 && late <= 62, late + " packets");
    }

    @Test
    void doesNothingWithoutARate() {
        for (int i = 0; i < 1_000; i++) {
            assertTrue(pacer.mayTransmit(0, 0));
            pacer.onTransmitted(0, 1_000, 0);
        }
        assertEquals(Endpoint.NO_TIMEOUT, pacer.deadline());
    }

    @Test
    void forgetsADeadlineThatNobodyWaitsFor() {
        burst(0);
        assertFalse(pacer.mayTransmit(0, RATE));
        pacer.forgetDeadline();
        assertEquals(Endpoint.NO_TIMEOUT, pacer.deadline());
    }
}
