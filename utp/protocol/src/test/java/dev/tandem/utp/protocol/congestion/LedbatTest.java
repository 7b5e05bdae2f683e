package dev.tandem.utp.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.CongestionController.Acknowledgement;
import org.junit.jupiter.api.Test;

class LedbatTest {
    private static final int PACKET = 1_000;

    private static void acknowledge(Ledbat ledbat, int bytes, long delayMicros, boolean windowLimited) {
        ledbat.onAcknowledgement(new Acknowledgement()
                .set(
                        0,
                        bytes,
                        ledbat.windowBytes(),
                        0,
                        delayMicros,
                        windowLimited,
                        ledbat.windowBytes() - bytes,
                        0,
                        0,
                        0,
                        false));
    }

    /** One round trip: all of the window acknowledged, packet by packet. */
    private static void round(Ledbat ledbat, long delayMicros) {
        long window = ledbat.windowBytes();
        for (long acknowledged = 0; acknowledged < window; acknowledged += PACKET) {
            acknowledge(ledbat, PACKET, delayMicros, true);
        }
    }

    @Test
    void doublesInSlowStart() {
        Ledbat ledbat = new Ledbat(PACKET);
        assertEquals(10 * PACKET, ledbat.windowBytes());
        round(ledbat, 0);
        assertEquals(20 * PACKET, ledbat.windowBytes());
    }

    @Test
    void leavesSlowStartAtHalfTheTarget() {
        Ledbat ledbat = new Ledbat(PACKET);
        round(ledbat, Ledbat.TARGET_MICROS / 2 + 1);
        assertTrue(ledbat.windowBytes() < 11 * PACKET, "grew to " + ledbat.windowBytes());
    }

    @Test
    void growsByOnePacketInARoundWithoutDelay() {
        Ledbat ledbat = new Ledbat(PACKET);
        ledbat.onLossEpisode(0);
        assertEquals(5 * PACKET, ledbat.windowBytes());
        round(ledbat, 0);
        assertEquals(6 * PACKET, (double) ledbat.windowBytes(), 150.0);
    }

    @Test
    void holdsAtTheTarget() {
        Ledbat ledbat = new Ledbat(PACKET);
        ledbat.onLossEpisode(0);
        round(ledbat, Ledbat.TARGET_MICROS);
        assertEquals(5 * PACKET, ledbat.windowBytes());
    }

    @Test
    void yieldsAboveTheTarget() {
        Ledbat ledbat = new Ledbat(PACKET);
        for (int i = 0; i < 3; i++) {
            round(ledbat, 0);
        }
        long before = ledbat.windowBytes();
        round(ledbat, 2 * Ledbat.TARGET_MICROS);
        assertTrue(ledbat.windowBytes() < 0.75 * before, before + " to " + ledbat.windowBytes());
        for (int i = 0; i < 100; i++) {
            round(ledbat, 10 * Ledbat.TARGET_MICROS);
        }
        assertEquals(2 * PACKET, ledbat.windowBytes());
    }

    @Test
    void doesNotGrowAWindowThatIsNotUsed() {
        Ledbat ledbat = new Ledbat(PACKET);
        for (int i = 0; i < 100; i++) {
            acknowledge(ledbat, PACKET, 0, false);
        }
        assertEquals(10 * PACKET, ledbat.windowBytes());
    }

    @Test
    void remembersThePathBeyondATimeout() {
        Ledbat ledbat = new Ledbat(PACKET);
        for (int i = 0; i < 4; i++) {
            round(ledbat, 0);
        }
        long before = ledbat.windowBytes();
        ledbat.onTimeout(0);
        ledbat.onTimeout(0);
        assertEquals(2 * PACKET, ledbat.windowBytes());
        for (int i = 0; i < 6; i++) {
            round(ledbat, 0);
        }
        assertTrue(ledbat.windowBytes() >= before / 2, "only " + ledbat.windowBytes() + " of " + before);
    }

    @Test
    void undoesWhatItDidForLossesThatWereNone() {
        Ledbat ledbat = new Ledbat(PACKET);
        ledbat.onLossEpisode(0);
        ledbat.onSpuriousLosses(0);
        assertEquals(10 * PACKET, ledbat.windowBytes());
        round(ledbat, 0);
        assertEquals(20 * PACKET, ledbat.windowBytes());
    }
}
