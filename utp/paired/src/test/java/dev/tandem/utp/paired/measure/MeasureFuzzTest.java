package dev.tandem.utp.paired.measure;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/** Any bytes to either side, in pieces, with time between them: a piece is its length and how long after it the next one comes. */
class MeasureFuzzTest {
    @FuzzTest(maxDuration = "3s")
    void eitherSideEndsAndKeepsItsBounds(byte[] input) {
        MockTicker ticker = Ticker.newMockTicker();
        EmbeddedChannel clock = EmbeddedChannel.builder().ticker(ticker).build();
        FakeSession near = new FakeSession();
        FakeSession far = new FakeSession();
        RateFlow flow = new RateFlow(clock.eventLoop());
        flow.start(near);
        SessionListener measurement = new Measurements(clock.eventLoop()).begin(far);
        int at = 0;
        while (at + 2 < input.length) {
            int length = Math.min(1 + (input[at] & 0xff), input.length - at - 2);
            int millis = (input[at + 1] & 0xff) * 10;
            near.room = 20_000;
            far.room = 20_000;
            deliver(flow, near, input, at + 2, length);
            deliver(measurement, far, input, at + 2, length);
            clock.runPendingTasks();
            ticker.advance(millis, TimeUnit.MILLISECONDS);
            clock.runScheduledPendingTasks();
            at += 2 + length;
        }
        ticker.advance(30, TimeUnit.SECONDS);
        clock.runScheduledPendingTasks();
        assertTrue(flow.result().isDone());
        assertTrue(near.finished || near.reset != null);
        assertTrue(far.reset != null || far.finished);
        assertTrue(Math.max(near.written, far.written) <= Fill.MAX_BYTES + Measurement.REPORT_BYTES);
        clock.finishAndReleaseAll();
    }

    private static void deliver(SessionListener to, FakeSession session, byte[] bytes, int from, int length) {
        if (session.reset == null) {
            to.onData(session, Unpooled.copiedBuffer(bytes, from, length));
            to.onWritabilityChanged(session);
        }
    }
}
