package dev.tandem.utp.paired.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.measure.RateFlow.End;
import dev.tandem.utp.paired.measure.RateFlow.Result;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client's part, in virtual time: what it makes of what a server says. */
class RateFlowTest {
    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel clock =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final FakeSession session = new FakeSession();
    private final RateFlow flow = new RateFlow(clock.eventLoop());

    private void advance(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
        clock.runScheduledPendingTasks();
    }

    private void tell(ByteBuf bytes) {
        flow.onData(session, bytes);
        clock.runPendingTasks();
    }

    private static ByteBuf block(int length) {
        return Unpooled.buffer().writeShort(length).writeZero(length);
    }

    private static ByteBuf report(long bytes, long nanos) {
        return Unpooled.buffer().writeLong(bytes).writeLong(nanos);
    }

    private Result result() {
        assertTrue(flow.result().isDone());
        return flow.result().join();
    }

    /** As far as the report. */
    private void run() {
        flow.start(session);
        tell(block(1_000));
        advance(8);
        tell(Unpooled.wrappedBuffer(block(998), block(0)));
        session.room = 8_000;
        flow.onWritabilityChanged(session);
        clock.runPendingTasks();
        advance(3_000);
    }

    @Test
    void measuresDownAndIsToldOfUp() {
        run();
        assertEquals(1 + 8_194 + 2, session.written);
        assertEquals(0, session.tail().getShort(FakeSession.KEPT - 2), "the empty block");
        assertFalse(flow.result().isDone());
        ByteBuf report = report(8_196, 4_000_000);
        tell(report.readRetainedSlice(7));
        tell(report);
        Result result = result();
        assertEquals(End.WHOLE, result.end());
        assertEquals(new Rate(2_004, 8_000_000), result.down());
        assertEquals(2.004, result.down().megabitsPerSecond(), 0.001);
        assertEquals(new Rate(8_196, 4_000_000), result.up());
        assertTrue(session.finished);
        advance(60_000);
        assertNull(session.reset);
    }

    @ParameterizedTest
    @CsvSource({"8197, 1", "-1, 1", "1, -1"})
    void doesNotBelieveEverything(long bytes, long nanos) {
        run();
        tell(report(bytes, nanos));
        assertEquals(End.MALFORMED, result().end());
        assertNull(result().up());
        assertEquals(ResetReason.PROTOCOL_VIOLATION, session.reset);
    }

    @Test
    void takesNothingBehindTheReport() {
        run();
        tell(report(1, 1).writeByte(0));
        assertEquals(End.MALFORMED, result().end());
    }

    @Test
    void takesNoReportOfWhatItIsStillWriting() {
        flow.start(session);
        tell(Unpooled.wrappedBuffer(block(1_000), block(0), report(0, 0)));
        assertEquals(End.MALFORMED, result().end());
        assertEquals(1_004, result().down().bytes());
    }

    @Test
    void takesNoMoreThanItIsToGet() {
        flow.start(session);
        for (int i = 0; i <= (16 << 20) / 8_194; i++) {
            assertNull(session.reset);
            tell(block(8_192));
        }
        assertEquals(ResetReason.PROTOCOL_VIOLATION, session.reset);
        assertEquals(End.MALFORMED, result().end());
    }

    @Test
    void doesNotWaitForEver() {
        flow.start(session);
        tell(block(1_000));
        advance(11_999);
        assertFalse(flow.result().isDone());
        advance(1);
        assertEquals(new Result(new Rate(1_002, 0), null, End.LATE), result());
        assertEquals(ResetReason.USER_CLOSED, session.reset);
        // What still comes is nobody's.
        tell(block(1_000));
        assertEquals(1_002, result().down().bytes());
    }

    @Test
    void noticesAnEndBeforeTheReport() {
        run();
        flow.onEnd(session);
        assertEquals(End.MALFORMED, result().end());
    }

    @Test
    void noticesThatTheSessionIsGone() {
        run();
        flow.onClosed(session, CloseReason.CARRIERS_LOST, "");
        assertEquals(End.CLOSED, result().end());
        assertEquals(2_004, result().down().bytes());
        session.closed = CloseReason.CARRIERS_LOST;
        RateFlow late = new RateFlow(clock.eventLoop());
        late.start(session);
        assertEquals(End.CLOSED, late.result().join().end());
    }
}
