package dev.tandem.utp.protocol.congestion;

import static dev.tandem.utp.protocol.congestion.Rounds.MILLI;
import static dev.tandem.utp.protocol.congestion.Rounds.PACKET;
import static dev.tandem.utp.protocol.congestion.Rounds.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LedbatPlusPlusTest {
    /** Twice the target over that is one, so the gain is one as well. */
    private static final long LONG_RTT = 120 * MILLI;

    private static final long TARGET = LedbatPlusPlus.TARGET_NANOS;

    private final LedbatPlusPlus ledbat = new LedbatPlusPlus(PACKET);
    private final Rounds path = new Rounds(ledbat);

    private void growTo(int packets) {
        while (ledbat.windowBytes() < (long) packets * PACKET) {
            path.run(LONG_RTT);
        }
    }

    @Test
    void growsSlowerOnShortPaths() {
        assertNear(20.0 * PACKET, path.run(LONG_RTT), 10);
        LedbatPlusPlus near = new LedbatPlusPlus(PACKET);
        // ceil(120 / 40) = 3, and 16 at most.
        assertNear(13.3 * PACKET, new Rounds(near).run(40 * MILLI), 0.2 * PACKET);
        LedbatPlusPlus nearer = new LedbatPlusPlus(PACKET);
        assertNear(10.6 * PACKET, new Rounds(nearer).run(MILLI), 0.2 * PACKET);
    }

    @Test
    void leavesSlowStartAtThreeQuartersOfTheTarget() {
        growTo(80);
        path.run(LONG_RTT + TARGET / 2);
        long window = ledbat.windowBytes();
        assertTrue(window > 150 * PACKET, "still in slow start: " + window);
        path.run(LONG_RTT + TARGET * 8 / 10);
        assertTrue(ledbat.windowBytes() < window * 1.1, window + " to " + ledbat.windowBytes());
    }

    /** Two packets for two round trips, back by slow start, and again after nine times as long. */
    @Test
    void slowsDownNowAndThen() {
        growTo(80);
        path.run(LONG_RTT + TARGET * 8 / 10);
        long before = ledbat.windowBytes();
        int rounds = 0;
        while (path.run(LONG_RTT) > 2 * PACKET) {
            assertTrue(++rounds < 5, "no slowdown");
        }
        int away = 0;
        while (path.run(LONG_RTT) < before) {
            assertTrue(++away < 12, "not back at " + before + " but at " + ledbat.windowBytes());
        }
        int steady = 0;
        while (path.run(LONG_RTT) > 2 * PACKET) {
            assertTrue(++steady < 200, "no second slowdown");
        }
        assertTrue(steady >= 8 * away && steady <= 12 * away, away + " rounds away, then " + steady);
    }

    @Test
    void yieldsAboveTheTargetByAsMuchAsItIsMissed() {
        growTo(80);
        ledbat.onLossEpisode(path.now);
        long before = ledbat.windowBytes();
        path.run(LONG_RTT + TARGET * 5 / 4);
        assertNear(before * Math.exp(-0.25), ledbat.windowBytes(), 4 * PACKET);
    }

    @Test
    void aimsLowerInABufferThatIsSmallerThanTheTarget() {
        growTo(40);
        path.run(LONG_RTT + 40 * MILLI);
        ledbat.onLossEpisode(path.now);
        long before = ledbat.windowBytes();
        // Below the target of the draft, above three quarters of where the loss was.
        path.run(LONG_RTT + 36 * MILLI);
        assertTrue(ledbat.windowBytes() < before, before + " to " + ledbat.windowBytes());
    }

    @Test
    void aLossWithoutAQueueLeavesTheTarget() {
        growTo(40);
        ledbat.onLossEpisode(path.now);
        long before = ledbat.windowBytes();
        path.run(LONG_RTT + 36 * MILLI);
        assertTrue(ledbat.windowBytes() > before, before + " to " + ledbat.windowBytes());
    }

    @Test
    void halvesAtALossAndUndoesIt() {
        growTo(80);
        ledbat.onLossEpisode(path.now);
        assertNear(40 * PACKET, ledbat.windowBytes(), PACKET);
        ledbat.onSpuriousLosses(path.now);
        assertNear(80 * PACKET, ledbat.windowBytes(), PACKET);
        ledbat.onTimeout(path.now);
        assertEquals(2 * PACKET, ledbat.windowBytes());
        ledbat.onSpuriousLosses(path.now);
        assertNear(80 * PACKET, ledbat.windowBytes(), PACKET);
    }

    @Test
    void doesNotGrowAWindowThatIsNotUsed() {
        for (int i = 0; i < 100; i++) {
            path.run(LONG_RTT, false);
        }
        assertEquals(10 * PACKET, ledbat.windowBytes());
    }
}
