package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A session that only notes what is done to it. */
final class NoSession implements Session {
    int written;
    boolean finished;
    boolean reading;
    long retained;

    @Nullable
    ResetReason reset;

    @Override
    public void write(ByteBuf bytes) {
        written += bytes.readableBytes();
        bytes.release();
    }

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void finish() {
        finished = true;
    }

    @Override
    public void reset(ResetReason reason) {
        reset = reason;
    }

    @Override
    public void autoRead(boolean on) {
        reading = on;
    }

    @Override
    public SessionStats stats() {
        return new SessionStats(0, 0, 0, 0, 0, 0, 0, 0, 0, retained, 0);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return null;
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
