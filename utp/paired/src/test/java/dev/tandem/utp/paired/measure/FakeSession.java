package dev.tandem.utp.paired.measure;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionStats;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A session in virtual time that takes so many bytes, and keeps the last ones. */
final class FakeSession implements Session {
    static final int KEPT = 64;

    /** How many bytes more it takes. */
    long room;

    long written;
    boolean finished;
    boolean reading;

    @Nullable
    CloseReason closed;

    @Nullable
    ResetReason reset;

    private ByteBuf tail = Unpooled.EMPTY_BUFFER;

    /** The last bytes that were written, {@link #KEPT} at most. */
    ByteBuf tail() {
        return tail.duplicate();
    }

    @Override
    public void write(ByteBuf bytes) {
        if (finished) {
            throw new IllegalStateException("finished");
        }
        int length = bytes.readableBytes();
        written += length;
        room -= length;
        ByteBuf all = Unpooled.copiedBuffer(tail, bytes);
        tail = all.skipBytes(Math.max(0, all.readableBytes() - KEPT));
        bytes.release();
    }

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return room > 0 && !finished && reset == null;
    }

    @Override
    public void finish() {
        finished = true;
    }

    @Override
    public void reset(ResetReason reason) {
        if (reset == null) {
            reset = reason;
        }
    }

    @Override
    public void autoRead(boolean on) {
        reading = on;
    }

    @Override
    public SessionStats stats() {
        return new SessionStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return closed;
    }

    @Override
    public @Nullable ResetReason peerResetReason() {
        return null;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return InetSocketAddress.createUnresolved("nowhere.invalid", 1);
    }

    @Override
    public @Nullable CarrierKind sendingCarrier() {
        return null;
    }
}
