package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InputBufferTest {
    private static final long MILLI = 1_000_000;

    private final InputBuffer buffer = new InputBuffer();
    private long nowNanos;

    private boolean turn(int bytes, boolean writable, long afterMillis) {
        nowNanos += afterMillis * MILLI;
        buffer.onRead(bytes);
        return buffer.onReadComplete(writable, nowNanos);
    }

    /** However slow the event loop is: what it finds is a full buffer, and the carrier wants more. */
    @Test
    void growsWhileItIsWhatHoldsTheSessionBack() {
        for (int i = 0; i < 20; i++) {
            turn(buffer.bytes(), true, 40);
        }
        assertEquals(InputBuffer.MAX_BYTES, buffer.bytes());
    }

    /** What is in the buffer then has waited for the event loop, not for want of room. */
    @Test
    void aTurnThatCameLateIsNoReasonToGrow() {
        for (int i = 0; i < 100; i++) {
            assertFalse(turn(InputBuffer.MIN_BYTES, true, 30));
            assertFalse(turn(1_000, false, 10));
        }
    }

    @Test
    void shrinksToFiveMillisecondsOfWhatTheCarrierTakes() {
        growsWhileItIsWhatHoldsTheSessionBack();
        // 2 MB a second.
        for (int i = 0; i < 100; i++) {
            turn(20_000, false, 10);
        }
        assertEquals(10_000, buffer.bytes(), 1_500);
        for (int i = 0; i < 100; i++) {
            turn(100, false, 10);
        }
        assertEquals(InputBuffer.MIN_BYTES, buffer.bytes());
    }

    @Test
    void staysAsItIsForAWriterThatIsSlowByItself() {
        for (int i = 0; i < 1_000; i++) {
            assertFalse(turn(514, true, 3));
        }
        assertEquals(InputBuffer.MIN_BYTES, buffer.bytes());
        assertFalse(turn(InputBuffer.MIN_BYTES, true, 3));
        assertFalse(turn(InputBuffer.MIN_BYTES, true, 3));
        assertTrue(turn(InputBuffer.MIN_BYTES, true, 3));
        int grown = buffer.bytes();
        for (int i = 0; i < 1_000; i++) {
            assertFalse(turn(514, true, 3));
        }
        assertEquals(grown, buffer.bytes());
    }
}
