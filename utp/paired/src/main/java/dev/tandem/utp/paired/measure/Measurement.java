package dev.tandem.utp.paired.measure;

import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server's part of a measurement, in place of a connection to what it forwards to: it writes when it is told to, counts what comes
 * then, and tells what came. All on the session's event loop.
 */
final class Measurement implements SessionListener {
    /** The client's first byte: the server is to begin. */
    static final byte BEGIN = 1;
    /** Bytes and nanoseconds that the server tells, 8 bytes each. */
    static final int REPORT_BYTES = 16;

    private final EventLoop loop;
    private final Future<?> deadline;
    private final FillReader up = new FillReader();
    private @Nullable Fill down;
    private boolean reported;

    Measurement(EventLoop loop, Session session) {
        this.loop = loop;
        this.deadline = loop.schedule(() -> breakOff(session), Measurements.MAX_NANOS, TimeUnit.NANOSECONDS);
        session.autoRead(true);
    }

    @Override
    public void onData(Session session, ByteBuf bytes) {
        try {
            take(session, bytes);
        } finally {
            bytes.release();
        }
    }

    private void take(Session session, ByteBuf bytes) {
        if (down == null) {
            if (bytes.readByte() != BEGIN) {
                breakOff(session);
                return;
            }
            down = new Fill(loop, session);
        }
        if (!bytes.isReadable()) {
            return;
        }
        if (reported || !down.isOver()) {
            breakOff(session);
            return;
        }
        switch (up.read(bytes, loop.ticker().nanoTime())) {
            case MORE -> {}
            case OVER -> report(session, bytes.isReadable());
            case TOO_MUCH -> breakOff(session);
        }
    }

    private void report(Session session, boolean saysMore) {
        if (saysMore) {
            breakOff(session);
            return;
        }
        reported = true;
        Rate rate = up.rate();
        session.write(Unpooled.buffer(REPORT_BYTES).writeLong(rate.bytes()).writeLong(rate.nanos()));
        session.finish();
    }

    private static void breakOff(Session session) {
        session.reset(ResetReason.PROTOCOL_VIOLATION);
    }

    @Override
    public void onEnd(Session session) {
        if (!reported) {
            breakOff(session);
        }
    }

    @Override
    public void onWritabilityChanged(Session session) {
        if (down != null && session.isWritable()) {
            down.write();
        }
    }

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        deadline.cancel(false);
        if (down != null) {
            down.stop();
        }
    }
}
