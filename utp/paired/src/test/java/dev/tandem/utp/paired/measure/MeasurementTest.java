package dev.tandem.utp.paired.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server's part, in virtual time: what a client can make it do, and for how long. */
class MeasurementTest {
    private static final int BLOCK = 8 * 1024;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel clock =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final Measurements measurements = new Measurements(clock.eventLoop());
    private final FakeSession session = new FakeSession();
    private final SessionListener measurement = measurements.begin(session);

    private void advance(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
        clock.runScheduledPendingTasks();
    }

    private void tell(ByteBuf bytes) {
        measurement.onData(session, bytes);
        clock.runPendingTasks();
    }

    private void begin() {
        tell(Unpooled.buffer().writeByte(1));
    }

    /** What the session takes now. */
    private void room(long bytes) {
        session.room = bytes;
        measurement.onWritabilityChanged(session);
        clock.runPendingTasks();
    }

    private static ByteBuf block(int length) {
        return Unpooled.buffer().writeShort(length).writeZero(length);
    }

    private void assertBrokenOff() {
        assertEquals(ResetReason.PROTOCOL_VIOLATION, session.reset);
        measurement.onClosed(session, CloseReason.RESET_LOCALLY, "");
        long written = session.written;
        room(1 << 30);
        advance(60_000);
        assertEquals(written, session.written, "nothing is written to a session that is over");
    }

    @Test
    void writesNothingUnasked() {
        room(1 << 20);
        advance(1_000);
        assertEquals(0, session.written);
        assertTrue(session.reading);
    }

    @Test
    void writesAsMuchAsItMay() {
        session.room = 1 << 30;
        begin();
        assertTrue(session.written <= 16 << 20 && session.written > (16 << 20) - 2 * BLOCK, "" + session.written);
        assertEquals(0, session.tail().getShort(FakeSession.KEPT - 2), "the empty block");
        assertFalse(session.finished);
        // The loop was others' in between, and the time is over with the bytes.
        long written = session.written;
        advance(4_000);
        assertEquals(written, session.written);
        assertNull(session.reset);
    }

    @Test
    void writesAsLongAsItMay() {
        session.room = 20_000;
        begin();
        for (int i = 0; i < 29; i++) {
            advance(100);
            room(20_000);
        }
        long before = session.written;
        assertTrue(before >= 30 * 20_000 && before < 30 * 30_000, "" + before);
        session.room = 0;
        advance(100);
        assertEquals(before + 2, session.written, "the empty block, whether there is room or not");
        room(1 << 20);
        assertEquals(before + 2, session.written);
    }

    @Test
    void leavesTheLoopToOthersBetween() {
        session.room = 1 << 30;
        measurement.onData(session, Unpooled.buffer().writeByte(1));
        assertTrue(session.written < 256 << 10, session.written + " bytes in one turn");
        clock.runPendingTasks();
        assertTrue(session.written > 15 << 20);
    }

    @Test
    void tellsWhatCameAndInWhatTime() {
        begin();
        advance(3_000);
        advance(500);
        tell(block(1_000));
        advance(250);
        // In pieces, of the length too.
        ByteBuf rest = Unpooled.wrappedBuffer(block(500), block(0));
        tell(rest.readRetainedSlice(1));
        tell(rest.readRetainedSlice(400));
        advance(250);
        assertFalse(session.finished);
        tell(rest);
        assertTrue(session.finished);
        assertEquals(2 + 16, session.written, "its own empty block, and the report");
        assertEquals(1_002 + 502 + 2, session.tail().getLong(2));
        assertEquals(TimeUnit.MILLISECONDS.toNanos(500), session.tail().getLong(10));
        assertNull(session.reset);
        measurement.onEnd(session);
        assertNull(session.reset);
        measurement.onClosed(session, CloseReason.FINISHED, "");
        advance(60_000);
        assertNull(session.reset);
    }

    @Test
    void takesNoMoreThanItMay() {
        begin();
        advance(3_000);
        for (int i = 0; i < (16 << 20) / (BLOCK + 2); i++) {
            tell(block(BLOCK));
        }
        assertNull(session.reset);
        tell(block(BLOCK));
        assertBrokenOff();
    }

    /** The lengths count: else three bytes on the way would be one of the measurement. */
    @Test
    void countsTheLengthsOfTinyBlocks() {
        begin();
        advance(3_000);
        ByteBuf tiny = Unpooled.buffer();
        for (int i = 0; i < 1 << 20; i++) {
            tiny.writeShort(1).writeByte(0);
        }
        for (int i = 0; i < 5; i++) {
            tell(tiny.retainedDuplicate());
            assertNull(session.reset);
        }
        tell(tiny);
        assertBrokenOff();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 255})
    void wantsToBeAskedFirst(int first) {
        session.room = 1 << 20;
        tell(Unpooled.buffer().writeByte(first));
        assertEquals(0, session.written);
        assertBrokenOff();
    }

    @Test
    void wantsTheClientToWaitForItsTurn() {
        session.room = 100_000;
        begin();
        tell(block(1));
        assertBrokenOff();
    }

    @Test
    void wantsNothingBehindTheEmptyBlock() {
        begin();
        advance(3_000);
        tell(Unpooled.buffer().writeShort(0).writeByte(0));
        assertBrokenOff();
    }

    @Test
    void wantsNothingBehindTheReport() {
        begin();
        advance(3_000);
        tell(block(0));
        assertTrue(session.finished);
        tell(block(5));
        assertBrokenOff();
    }

    @Test
    void wantsNoEndBeforeTheReport() {
        measurement.onEnd(session);
        assertBrokenOff();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isOverInTimeWhateverTheClientDoes(boolean begun) {
        if (begun) {
            begin();
        }
        advance(24_999);
        assertNull(session.reset);
        advance(1);
        assertBrokenOff();
    }

    @Test
    void isOneAtATimeAndSeldom() {
        assertFalse(measurements.mayBegin());
        advance(24_999);
        assertFalse(measurements.mayBegin());
        advance(1);
        assertEquals(ResetReason.PROTOCOL_VIOLATION, session.reset, "the one before is over");
        assertFalse(measurements.mayBegin());
        advance(4_999);
        assertFalse(measurements.mayBegin());
        advance(1);
        assertTrue(measurements.mayBegin());
        measurements.begin(new FakeSession());
        assertFalse(measurements.mayBegin());
    }

    /** The first one's end makes no way for another. */
    @Test
    void anEarlyEndIsNoShortcut() {
        measurement.onClosed(session, CloseReason.CARRIERS_LOST, "");
        advance(29_999);
        assertFalse(measurements.mayBegin());
        advance(1);
        assertTrue(measurements.mayBegin());
    }
}
