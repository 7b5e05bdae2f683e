package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.simulation.LinkConditions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clocks of two machines: unrelated, drifting apart, and wrapping at 32 bits of microseconds (BEP 29, "timestamp"). */
class ClockTest {
    private static final LinkConditions PATH =
            Paths.delay(20 * MILLIS).withRate(10_000_000).withQueue(1_250_000);
    private static final long DURATION = 150 * SECONDS;

    private static long bytesIn(long nanos, long seed, int driftPpm) {
        Pair pair = new Pair(seed, PATH, EndpointConfig.DEFAULT, EndpointConfig.DEFAULT, driftPpm, null);
        pair.dial().send(1_000_000_000);
        pair.run(nanos);
        return pair.serverPeer().received;
    }

    /** Scenario 38. */
    @ParameterizedTest
    @ValueSource(ints = {-200, 200})
    void ledbatStandsClocksThatDriftApart(int driftPpm) {
        for (long seed = 1; seed <= 2; seed++) {
            long straight = bytesIn(DURATION, seed, 0);
            long drifting = bytesIn(DURATION, seed, driftPpm);
            double share = drifting / (double) straight;
            assertTrue(share > 0.9 && share < 1.1, "seed " + seed + ": " + drifting + " bytes, not " + straight);
        }
    }

    /** Scenario 38: time begins less than ten seconds before 32 bits of microseconds wrap. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void measuresAcrossTheWrap(long seed) {
        Pair pair = new Pair(seed, PATH);
        pair.dial().send(1_000_000_000);
        pair.run(5 * SECONDS);
        for (int i = 0; i < 20; i++) {
            pair.run(SECONDS);
            ConnectionStats stats = pair.clientPeer().connection.stats();
            // The propagation both ways, and the serialisation of a packet or less.
            assertTrue(stats.minRttMicros() >= 40_000 && stats.minRttMicros() < 41_400, "seed " + seed + ": " + stats);
            assertTrue(stats.queueingDelayMicros() < 300_000, "seed " + seed + ": " + stats);
            assertTrue(stats.rttMicros() < 500_000, "seed " + seed + ": " + stats);
        }
    }
}
