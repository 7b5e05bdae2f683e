package dev.tandem.utp.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RandomLossTest {
    private final RandomLoss loss = new RandomLoss();

    @Test
    void nothingIsMadeUpForAtFirst() {
        assertEquals(1, loss.makeUp());
        loss.onRound(100_000, 100_000);
        assertEquals(1, loss.makeUp(), "no probe has ended yet");
    }

    /** The round in which a probe ends still shows what the probe lost; the next one shows what was sent slowly. */
    @Test
    void onlyWhatWasSentSlowlyCounts() {
        loss.begin();
        loss.onRound(200_000, 100_000);
        loss.onRound(5_000, 95_000);
        loss.onRound(200_000, 100_000);
        assertEquals(1 / 0.95, loss.makeUp(), 1e-9);
    }

    /** A policer lets everything pass that comes slowly: what it drops of a probe is no reason to send more. */
    @Test
    void aPolicerIsNotMadeUpFor() {
        for (int i = 0; i < 10; i++) {
            loss.begin();
            loss.onRound(50_000, 200_000);
            loss.onRound(0, 200_000);
            loss.onRound(20_000, 200_000);
        }
        assertEquals(1, loss.makeUp());
    }

    @Test
    void olderRoundsAreForgotten() {
        loss.begin();
        loss.onRound(0, 0);
        loss.onRound(100_000, 900_000);
        for (int i = 0; i < 20; i++) {
            loss.begin();
            loss.onRound(0, 0);
            loss.onRound(0, 500_000);
        }
        assertEquals(1, loss.makeUp(), 0.001);
    }

    @Test
    void noMoreIsMadeUpForThanTheBound() {
        loss.begin();
        loss.onRound(0, 0);
        loss.onRound(900_000, 100_000);
        assertEquals(1 / 0.85, loss.makeUp(), 1e-9);
    }
}
