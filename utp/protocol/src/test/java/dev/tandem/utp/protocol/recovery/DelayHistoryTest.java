package dev.tandem.utp.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DelayHistoryTest {
    private static final long MINUTE = 60_000_000_000L;

    private static void sampleThrice(DelayHistory history, long now, int micros) {
        for (int i = 0; i < 3; i++) {
            history.sample(now, micros);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, Integer.MAX_VALUE - 20_000, Integer.MIN_VALUE + 5, -40_000})
    void measuresAboveTheBaseWhereverTheClocksAre(int base) {
        DelayHistory history = new DelayHistory();
        history.sample(0, base);
        sampleThrice(history, 1, base + 50_000);
        assertEquals(50_000, history.queueingDelayMicros());
    }

    @Test
    void takesTheLeastOfThreeForCurrent() {
        DelayHistory history = new DelayHistory();
        history.sample(0, 1_000);
        history.sample(0, 90_000);
        history.sample(0, 30_000);
        history.sample(0, 80_000);
        assertEquals(29_000, history.queueingDelayMicros());
    }

    @Test
    void forgetsABaseAfterThirteenMinutes() {
        DelayHistory history = new DelayHistory();
        history.sample(0, 1_000);
        for (int minute = 1; minute <= 12; minute++) {
            sampleThrice(history, minute * MINUTE, 31_000);
        }
        assertEquals(30_000, history.queueingDelayMicros());
        sampleThrice(history, 13 * MINUTE, 31_000);
        assertEquals(0, history.queueingDelayMicros());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0x7fffffff})
    void knowsWhenThePeerHasNoSample(int difference) {
        DelayHistory history = new DelayHistory();
        assertFalse(history.sample(0, difference));
        assertEquals(0, history.queueingDelayMicros());
    }
}
