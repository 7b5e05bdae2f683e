package dev.tandem.utp.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RttEstimatorTest {
    private static final long MILLIS = 1_000_000L;

    @Test
    void beginsWithOneSecond() {
        assertEquals(1_000 * MILLIS, new RttEstimator(250 * MILLIS).rtoNanos());
    }

    @Test
    void takesTheFirstSampleAsItIs() {
        RttEstimator rtt = new RttEstimator(250 * MILLIS);
        rtt.sample(200 * MILLIS);
        assertEquals(200 * MILLIS, rtt.smoothedNanos());
        // RFC 6298, 2.2: SRTT + 4 * R/2.
        assertEquals(600 * MILLIS, rtt.rtoNanos());
    }

    @Test
    void smoothsAsInRfc6298() {
        RttEstimator rtt = new RttEstimator(0);
        rtt.sample(80 * MILLIS);
        rtt.sample(160 * MILLIS);
        assertEquals(90 * MILLIS, rtt.smoothedNanos());
        assertEquals(80 * MILLIS, rtt.minNanos());
        // RTTVAR = 3/4 * 40 + 1/4 * 80.
        assertEquals((90 + 4 * 50) * MILLIS, rtt.rtoNanos());
    }

    @Test
    void staysWithinItsBounds() {
        RttEstimator rtt = new RttEstimator(500 * MILLIS);
        for (int i = 0; i < 50; i++) {
            rtt.sample(MILLIS);
        }
        assertEquals(500 * MILLIS, rtt.rtoNanos());
        rtt.sample(100_000 * MILLIS);
        assertEquals(RttEstimator.MAX_RTO_NANOS, rtt.rtoNanos());
        rtt.sample(-5);
        assertTrue(rtt.minNanos() > 0);
    }
}
