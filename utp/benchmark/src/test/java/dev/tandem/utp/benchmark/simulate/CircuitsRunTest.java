package dev.tandem.utp.benchmark.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.CongestionControl;
import org.junit.jupiter.api.Test;

class CircuitsRunTest {
    private static final int SECONDS = 15;
    private static final long SEED = 1;

    @Test
    void aLossHoldsUpOneCircuitAndNotAll() {
        CircuitsResult one = run(1, 4, false, false);
        CircuitsResult each = run(1, 4, true, false);
        assertTrue(one.cellMs().samples() > 250, one::toString);
        assertTrue(one.cellMs().median() >= CircuitsRun.DELAY_MILLIS, one::toString);
        assertTrue(each.cellMs().p95() < one.cellMs().p95(), () -> each + "\n" + one);
        assertEquals(1, one.share());
    }

    @Test
    void moreConnectionsTakeMoreThanTheirShare() {
        CircuitsResult one = run(8, 0, false, true);
        CircuitsResult each = run(8, 0, true, true);
        assertTrue(each.share() > one.share() + 0.1, () -> each + "\n" + one);
    }

    private static CircuitsResult run(int bulk, int interactive, boolean oneForEach, boolean rival) {
        return CircuitsRun.of(
                new CircuitsSetting(bulk, interactive, oneForEach, rival, CongestionControl.BBR, SECONDS, SEED));
    }
}
