package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WarmUpTest {
    @Test
    void makesAWholeHandshake() {
        assertTrue(WarmUp.handshake());
    }
}
