package dev.tandem.utp.protocol.congestion;

import static dev.tandem.utp.protocol.congestion.Rounds.MILLI;
import static dev.tandem.utp.protocol.congestion.Rounds.PACKET;
import static dev.tandem.utp.protocol.congestion.Rounds.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CubicTest {
    private static final long RTT = 100 * MILLI;

    private final Cubic cubic = new Cubic(PACKET);
    private final Rounds path = new Rounds(cubic);

    private void growTo(int packets) {
        while (cubic.windowBytes() < (long) packets * PACKET) {
            path.run(RTT);
        }
    }

    @Test
    void doublesInSlowStart() {
        assertEquals(10 * PACKET, cubic.windowBytes());
        assertEquals(20 * PACKET, path.run(RTT));
        assertEquals(40 * PACKET, path.run(RTT));
    }

    /** RFC 9406: a quarter as fast once round trips are longer, and in congestion avoidance five rounds later. */
    @Test
    void leavesSlowStartWhenTheQueueGrows() {
        growTo(80);
        long before = path.run(RTT + 20 * MILLI);
        assertTrue(before < 2 * 80 * PACKET, "window " + before);
        for (int i = 0; i < 6; i++) {
            path.run(RTT + 20 * MILLI);
        }
        long window = cubic.windowBytes();
        assertTrue(path.run(RTT + 20 * MILLI) < 1.1 * window, "still in slow start at " + window);
    }

    @Test
    void goesOnWithSlowStartWhenTheQueueWasAPassingOne() {
        growTo(80);
        path.run(RTT + 20 * MILLI);
        path.run(RTT);
        long window = path.run(RTT);
        assertNear(2.0 * window, path.run(RTT), PACKET);
    }

    @Test
    void losesThreeTenthsAtALoss() {
        growTo(160);
        cubic.onLossEpisode(path.now);
        assertNear(112.0 * PACKET, cubic.windowBytes(), PACKET);
    }

    /** RFC 9438, 4.2: back at the old window after K = cbrt(48 / 0.4) = 4.9 s, and faster than linear beyond it. */
    @Test
    void returnsToTheOldWindowAndProbesBeyond() {
        growTo(160);
        cubic.onLossEpisode(path.now);
        long start = path.now;
        while (path.now - start < 4_000 * MILLI) {
            path.run(RTT);
        }
        long nearly = cubic.windowBytes();
        assertTrue(nearly > 155 * PACKET && nearly < 162 * PACKET, "after 4 s: " + nearly);
        while (path.now - start < 10_000 * MILLI) {
            path.run(RTT);
        }
        double expected = 160 + 0.4 * Math.pow(10 - 4.93, 3);
        assertNear(expected * PACKET, cubic.windowBytes(), 8 * PACKET);
    }

    /** RFC 9438, 4.3: on a short path Reno's growth is the faster one. */
    @Test
    void isNoSlowerThanReno() {
        growTo(40);
        cubic.onLossEpisode(path.now);
        long before = cubic.windowBytes();
        for (int i = 0; i < 20; i++) {
            path.run(MILLI);
        }
        assertNear(before + 20 * 0.53 * PACKET, cubic.windowBytes(), 1.5 * PACKET);
    }

    /** RFC 9438, 4.7. */
    @Test
    void leavesRoomWhenALossComesBeforeTheOldWindow() {
        growTo(160);
        cubic.onLossEpisode(path.now);
        cubic.onLossEpisode(path.now);
        long window = cubic.windowBytes();
        for (int i = 0; i < 30; i++) {
            path.run(RTT);
        }
        // 112 * 0.85, not 112.
        assertNear(95.2 * PACKET, cubic.windowBytes(), 4 * PACKET);
        assertTrue(window < 80 * PACKET);
    }

    @Test
    void doesNotGrowAWindowThatIsNotUsed() {
        growTo(80);
        for (int i = 0; i < 100; i++) {
            path.run(RTT, false);
        }
        assertEquals(80 * PACKET, cubic.windowBytes());
        cubic.onLossEpisode(path.now);
        path.run(RTT);
        long before = cubic.windowBytes();
        // Ten minutes of that are no reason for a leap afterwards.
        for (int i = 0; i < 6_000; i++) {
            path.run(RTT, false);
        }
        assertTrue(path.run(RTT) < 1.1 * before, before + " to " + cubic.windowBytes());
    }

    @Test
    void startsAnewAfterAPause() {
        growTo(160);
        cubic.onLossEpisode(path.now);
        path.now += 30_000 * MILLI;
        cubic.onIdle(path.now);
        assertEquals(10 * PACKET, cubic.windowBytes());
        assertEquals(20 * PACKET, path.run(RTT));
    }

    @Test
    void undoesAReductionForLossesThatWereNone() {
        growTo(160);
        cubic.onLossEpisode(path.now);
        cubic.onSpuriousLosses(path.now);
        assertEquals(160 * PACKET, cubic.windowBytes());
        assertNear(320.0 * PACKET, path.run(RTT), 2 * PACKET);
        cubic.onTimeout(path.now);
        assertEquals(2 * PACKET, cubic.windowBytes());
        cubic.onSpuriousLosses(path.now);
        assertNear(320.0 * PACKET, cubic.windowBytes(), 2 * PACKET);
    }

    @Test
    void pacesTwoWindowsInSlowStartAndOneAndAQuarterLater() {
        path.run(RTT);
        assertNear(2.0 * 20 * PACKET * 10, cubic.pacingBytesPerSecond(), 10 * PACKET);
        cubic.onLossEpisode(path.now);
        assertNear(1.25 * 14 * PACKET * 10, cubic.pacingBytesPerSecond(), 10 * PACKET);
    }
}
