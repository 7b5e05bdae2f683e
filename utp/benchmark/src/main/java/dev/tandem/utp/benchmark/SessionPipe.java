package dev.tandem.utp.benchmark;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.session.Carrier;
import dev.tandem.utp.paired.session.SessionCore;
import dev.tandem.utp.paired.session.SessionHost;
import dev.tandem.utp.paired.session.SessionParameters;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Two session cores on a carrier in memory, in virtual time: one sends without end, the other is read at once. */
final class SessionPipe {
    /** What the link puts into one record on µTP. */
    static final int BATCH_BYTES = 4 << 10;

    private static final int CARRIER_BYTES = 128 << 10;
    private static final int PIECE_BYTES = 16 << 10;

    /** The time between two batches, at about 3 Gbit/s. */
    private static final long STEP_NANOS = 10_000;

    private static final int MAX_STEPS_PER_BATCH = 1_000;

    private final Side sender = new Side(true);
    private final Side receiver = new Side(false);
    private final ByteBuf source;
    private long nowNanos;

    SessionPipe() {
        source = PooledByteBufAllocator.DEFAULT.heapBuffer(PIECE_BYTES).writeZero(PIECE_BYTES);
        sender.core.attach(sender, 0, nowNanos);
        receiver.core.attach(receiver, 0, nowNanos);
        sender.core.raiseLimit(SessionParameters.DEFAULT.receiveBytes(), nowNanos);
        receiver.core.raiseLimit(SessionParameters.DEFAULT.receiveBytes(), nowNanos);
        receiver.core.autoRead(true, nowNanos);
    }

    /** Runs until so many times {@link #BATCH_BYTES} were delivered. */
    void run(int batches) {
        long until = receiver.deliveredBytes + (long) batches * BATCH_BYTES;
        long stepsLeft = (long) batches * MAX_STEPS_PER_BATCH;
        while (receiver.deliveredBytes < until) {
            if (stepsLeft-- == 0) {
                throw new IllegalStateException("the session has come to a halt");
            }
            step();
        }
    }

    private void step() {
        nowNanos += STEP_NANOS;
        while (sender.core.isWritable()) {
            sender.core.write(source.retainedDuplicate());
        }
        sender.core.flush(nowNanos);
        deliver(sender, receiver);
        deliver(receiver, sender);
        handleTimeout(sender);
        handleTimeout(receiver);
    }

    private void handleTimeout(Side side) {
        if (side.core.deadlineNanos() <= nowNanos) {
            side.core.handleTimeout(nowNanos);
        }
    }

    private void deliver(Side from, Side to) {
        ByteBuf frames = from.queue.poll();
        if (frames == null) {
            return;
        }
        from.queuedBytes -= frames.readableBytes();
        to.core.handleBytes(to, frames, nowNanos);
        frames.release();
        to.core.handleBytesComplete(nowNanos);
        from.core.handleWritable(nowNanos);
    }

    void close() {
        sender.core.close(CloseReason.FINISHED, null);
        receiver.core.close(CloseReason.FINISHED, null);
        sender.drop();
        receiver.drop();
        source.release();
    }

    /** One end: its session's surroundings, and the carrier that it sends on. */
    private static final class Side implements SessionHost, Carrier {
        private final SessionCore core;
        private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>();
        private int queuedBytes;
        private long deliveredBytes;

        Side(boolean client) {
            core = new SessionCore(
                    client, CarrierPolicy.TLS, SessionParameters.DEFAULT, this, ByteBufAllocator.DEFAULT, 0);
        }

        void drop() {
            queue.forEach(ByteBuf::release);
            queue.clear();
        }

        // As a carrier.

        @Override
        public CarrierKind kind() {
            return CarrierKind.TLS;
        }

        @Override
        public boolean isWritable() {
            return queuedBytes < CARRIER_BYTES;
        }

        @Override
        public int maxWriteBytes() {
            return BATCH_BYTES;
        }

        @Override
        public void write(ByteBuf frames) {
            queue.add(frames);
            queuedBytes += frames.readableBytes();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}

        @Override
        public void abort() {
            throw new IllegalStateException("the session gave up its carrier");
        }

        // As the surroundings.

        @Override
        public void deliver(ByteBuf bytes) {
            deliveredBytes += bytes.readableBytes();
            bytes.release();
        }

        @Override
        public void deliverComplete() {}

        @Override
        public void deliverEnd() {}

        @Override
        public void writabilityChanged() {}

        @Override
        public void carrierChanged(
                @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause reason, String cause) {}

        @Override
        public void payloadSent(CarrierKind kind, int bytes) {}

        @Override
        public void payloadReceived(CarrierKind kind, int bytes) {}

        @Override
        public void dialUtp() {}

        @Override
        public void cancelUtpDial() {}

        @Override
        public void expectPairing(int attempt) {}

        @Override
        public void dialTls(long connectNanos) {}

        @Override
        public void cancelTlsDial() {}

        @Override
        public void detached(boolean now) {}

        @Override
        public void closed(CloseReason reason, String detail) {}
    }
}
