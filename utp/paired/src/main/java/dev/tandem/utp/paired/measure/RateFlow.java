package dev.tandem.utp.paired.measure;

import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's part of a measurement: it lets the server write, counts what comes, writes itself, and is told what came. All on the
 * session's event loop, but for {@link #result}.
 */
public final class RateFlow implements SessionListener {
    /** Most bytes that either side sends. */
    public static final long MAX_BYTES = Fill.MAX_BYTES;

    /** For both directions, and what is still on its way when their time is over. */
    private static final long PATIENCE_NANOS = 2 * Fill.MAX_NANOS + TimeUnit.SECONDS.toNanos(6);

    private final EventLoop loop;
    private final CompletableFuture<Result> result = new CompletableFuture<>();
    private final FillReader down = new FillReader();
    private final ByteBuf report = Unpooled.buffer(Measurement.REPORT_BYTES, Measurement.REPORT_BYTES);
    private @Nullable Fill up;
    private @Nullable Future<?> deadline;

    /**
     * What came of it.
     *
     * @param down from the server, as far as it came
     * @param up from this side; null if the server has not told, as it has if the end is {@link End#WHOLE}
     * @param end why there is no more
     */
    public record Result(Rate down, @Nullable Rate up, End end) {}

    /** How it ended. */
    public enum End {
        /** In order. */
        WHOLE,
        /** It was not over in time. */
        LATE,
        /** The server did something else than it is to. */
        MALFORMED,
        /** The session ended. */
        CLOSED
    }

    public RateFlow(EventLoop loop) {
        this.loop = loop;
    }

    /** Completes on the event loop: with both rates while the session is still there, or with less when there will be no more. */
    public CompletableFuture<Result> result() {
        return result;
    }

    /** Begins, over a session that {@code LinkClient.measure} has made. */
    public void start(Session session) {
        if (session.closeReason() != null) {
            end(null, End.CLOSED);
            return;
        }
        deadline = loop.schedule(() -> handleLate(session), PATIENCE_NANOS, TimeUnit.NANOSECONDS);
        session.autoRead(true);
        session.write(Unpooled.buffer(1).writeByte(Measurement.BEGIN));
        session.flush();
    }

    @Override
    public void onData(Session session, ByteBuf bytes) {
        try {
            if (!result.isDone()) {
                take(session, bytes);
            }
        } finally {
            bytes.release();
        }
    }

    private void take(Session session, ByteBuf bytes) {
        if (up == null) {
            switch (down.read(bytes, loop.ticker().nanoTime())) {
                case MORE -> {}
                case OVER -> up = new Fill(loop, session);
                case TOO_MUCH -> handleMalformed(session);
            }
        }
        if (bytes.readableBytes() > report.writableBytes()) {
            handleMalformed(session);
        } else if (up != null && bytes.isReadable()) {
            report.writeBytes(bytes);
            if (!report.isWritable()) {
                handleReport(session, up, new Rate(report.readLong(), report.readLong()));
            }
        }
    }

    private void handleReport(Session session, Fill written, Rate told) {
        if (!written.isOver() || told.bytes() < 0 || told.bytes() > written.writtenBytes() || told.nanos() < 0) {
            handleMalformed(session);
        } else {
            end(told, End.WHOLE);
            session.finish();
        }
    }

    private void handleLate(Session session) {
        end(null, End.LATE);
        session.reset(ResetReason.USER_CLOSED);
    }

    private void handleMalformed(Session session) {
        end(null, End.MALFORMED);
        session.reset(ResetReason.PROTOCOL_VIOLATION);
    }

    /** Once only; what comes after it says no more. */
    private void end(@Nullable Rate told, End how) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (up != null) {
            up.stop();
        }
        result.complete(new Result(down.rate(), told, how));
    }

    @Override
    public void onEnd(Session session) {
        // Behind the report, or in its place.
        if (!result.isDone()) {
            handleMalformed(session);
        }
    }

    @Override
    public void onWritabilityChanged(Session session) {
        if (up != null && session.isWritable()) {
            up.write();
        }
    }

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        end(null, End.CLOSED);
    }
}
