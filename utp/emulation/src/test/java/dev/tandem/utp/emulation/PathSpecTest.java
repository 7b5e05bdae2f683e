package dev.tandem.utp.emulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tandem.utp.simulation.LinkConditions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathSpecTest {
    @Test
    void readsEveryPart() {
        LinkConditions conditions = PathSpec.parse(
                "rate=2.5M,queue=312k,mtu=1400,delay=25ms,jitter=500us,loss=1%,reorder=0.05,duplicate=0.1%");
        assertEquals(2_500_000, conditions.rateBitsPerSecond());
        assertEquals(312_000, conditions.queueBytes());
        assertEquals(1_400, conditions.mtuBytes());
        assertEquals(25_000_000, conditions.delayNanos());
        assertEquals(500_000, conditions.jitterNanos());
        assertEquals(0.01, conditions.lossProbability(), 1e-12);
        assertEquals(0.05, conditions.reorderProbability(), 1e-12);
        assertEquals(0.001, conditions.duplicationProbability(), 1e-12);
        assertEquals(0, conditions.overheadBytesPerPacket());
    }

    @Test
    void nothingSaidIsAPathThatDoesNothing() {
        LinkConditions conditions = PathSpec.parse("");
        assertEquals(0, conditions.rateBitsPerSecond());
        assertEquals(0, conditions.delayNanos());
        assertEquals(0, conditions.lossProbability());
    }

    /** The states' shares and durations are Gilbert's: enter / (enter + leave) of all packets, 1 / leave in a row. */
    @Test
    void aBurstKeepsTheShareThatIsLost() {
        LinkConditions conditions = PathSpec.parse("loss=2%,burst=10");
        double enter = conditions.burstEnterProbability();
        double leave = conditions.burstLeaveProbability();
        assertEquals(0.02, enter / (enter + leave), 1e-9);
        assertEquals(10, 1 / leave, 1e-9);
        assertEquals(1, conditions.burstLossProbability());
        assertEquals(0, conditions.lossProbability());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "rate=fast; path: 'rate=fast': not a number",
                "rate=; path: 'rate=': not a number",
                "delay=5; path: 'delay=5': a time ends in us, ms or s",
                "speed=5; path: 'speed=5': there is no such part",
                "loss; path: 'loss': not a number",
                "loss=100%; path: loss is at least 0 and less than 1, burst at least 1",
                "loss=-1%; path: loss is at least 0 and less than 1, burst at least 1",
                "burst=0.5; path: loss is at least 0 and less than 1, burst at least 1",
                "queue=-1; path: 'queue=-1': queue out of range: -1 bytes",
                "delay=1ms,,loss=1%; path: '': there is no such part"
            })
    void saysWhichPartIsWrong(String text, String message) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> PathSpec.parse(text))
                        .getMessage());
    }
}
