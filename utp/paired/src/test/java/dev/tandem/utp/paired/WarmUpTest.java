package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    @Test
    void makesAWholeHandshake() {
        assertTrue(WarmUp.handshake());
    }

    @Test
    void makesAStrangersHandshake() {
        assertTrue(WarmUp.stranger());
    }

    @Test
    void noDeadlineEndsAStrangersHandshakeThatTakesLong() {
        // Any handshake takes longer than this.
        assertTrue(WarmUp.stranger(Duration.ofMillis(1)));
    }

    @Test
    void sealsAndOpensRecords() {
        assertEquals(2_000, WarmUp.records());
    }
}
