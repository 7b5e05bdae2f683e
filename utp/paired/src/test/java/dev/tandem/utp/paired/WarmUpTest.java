package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    void sealsAndOpensRecords() {
        assertEquals(2_000, WarmUp.records());
    }
}
