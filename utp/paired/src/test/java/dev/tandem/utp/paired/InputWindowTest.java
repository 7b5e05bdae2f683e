package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputWindowTest {
    private static final long MILLI = 1_000_000;

    private final InputWindow window = new InputWindow();
    private long nowNanos;

    private boolean turn(int bytes, boolean writable, long afterMillis) {
        nowNanos += afterMillis * MILLI;
        window.onRead(bytes);
        boolean changed = window.onReadComplete(writable, nowNanos);
        assertTrue(2 * window.bufferBytes() + 1 >= 3 * window.bytes());
        return changed;
    }

    /** However slow the event loop is: what it finds is a full window, and the carrier wants more. */
    @Test
    void growsWhileItIsWhatHoldsTheSessionBack() {
        for (int i = 0; i < 20; i++) {
            turn(window.bytes(), true, 40);
        }
        assertEquals(InputWindow.MAX_BYTES, window.bytes());
    }

    /** An empty session takes what comes first, however slow its carrier is. */
    @Test
    void doesNotGrowForWhatFillsTheSession() {
        for (int i = 0; i < 20; i++) {
            assertFalse(turn(window.bytes(), true, 0));
            nowNanos += MILLI / 10;
        }
        assertFalse(turn(window.bytes(), false, 0));
        nowNanos += 5 * MILLI;
        for (int i = 0; i < 20; i++) {
            assertFalse(turn(window.bytes(), true, 0));
            nowNanos += MILLI / 10;
        }
        assertEquals(InputWindow.MIN_BYTES, window.bytes());
    }

    @Test
    void doesNotGrowForOneAnswerAfterAnother() {
        for (int i = 0; i < 100; i++) {
            assertFalse(turn(window.bytes(), true, 60));
        }
        assertEquals(InputWindow.MIN_BYTES, window.bytes());
    }

    /** The clock may begin anywhere. */
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE - MILLI})
    void isToldToTheKernelAgainEachMillisecond(long startNanos) {
        nowNanos = startNanos;
        turn(500, true, 0);
        assertFalse(window.isRenewalDue(nowNanos + MILLI - 1));
        assertTrue(window.isRenewalDue(nowNanos + MILLI));
        assertFalse(window.isRenewalDue(nowNanos + 2 * MILLI - 1));
        assertTrue(window.isRenewalDue(nowNanos + 2 * MILLI));
    }

    /** tor fills the window only as often as it writes: what comes then is never much at once, and still limited by it. */
    @Test
    void growsToThreeMillisecondsOfWhatComes() {
        // 10 MB a second, a packet at a time.
        for (int i = 0; i < 1_000; i++) {
            turn(1_000, true, 0);
            nowNanos += MILLI / 10;
        }
        assertEquals(37_500, window.bytes(), 1_500);
    }

    /** What is there then has waited for the event loop, not for want of room. */
    @Test
    void aTurnThatCameLateIsNoReasonToGrow() {
        for (int i = 0; i < 100; i++) {
            assertFalse(turn(InputWindow.MIN_BYTES, true, 30));
            assertFalse(turn(1_000, false, 10));
        }
    }

    @Test
    void shrinksToThreeMillisecondsOfWhatTheCarrierTakes() {
        growsWhileItIsWhatHoldsTheSessionBack();
        // 5 MB a second.
        for (int i = 0; i < 100; i++) {
            turn(50_000, false, 10);
        }
        assertEquals(15_000, window.bytes(), 1_500);
        for (int i = 0; i < 100; i++) {
            turn(100, false, 10);
        }
        assertEquals(InputWindow.MIN_BYTES, window.bytes());
    }

    /** Until then there is room for what was on its way in the larger window. */
    @Test
    void theBufferShrinksOnlySomeTimeAfterTheWindow() {
        growsWhileItIsWhatHoldsTheSessionBack();
        int before = window.bufferBytes();
        int shrunk = 0;
        while (window.bytes() == InputWindow.MAX_BYTES) {
            assertTrue(++shrunk < 1_000);
            turn(100, false, 10);
        }
        assertEquals(before, window.bufferBytes());
        for (int i = 0; i < 4; i++) {
            assertFalse(turn(100, false, 10));
        }
        for (int i = 0; i < 20; i++) {
            turn(100, false, 10);
        }
        assertEquals(InputWindow.bufferBytes(InputWindow.MIN_BYTES), window.bufferBytes());
    }

    @Test
    void staysAsItIsForAWriterThatIsSlowByItself() {
        for (int i = 0; i < 1_000; i++) {
            assertFalse(turn(514, true, 3));
        }
        assertEquals(InputWindow.MIN_BYTES, window.bytes());
        assertFalse(turn(InputWindow.MIN_BYTES, true, 3));
        assertFalse(turn(InputWindow.MIN_BYTES, true, 3));
        assertTrue(turn(InputWindow.MIN_BYTES, true, 3));
        int grown = window.bytes();
        for (int i = 0; i < 1_000; i++) {
            assertFalse(turn(514, true, 3));
        }
        assertEquals(grown, window.bytes());
    }
}
