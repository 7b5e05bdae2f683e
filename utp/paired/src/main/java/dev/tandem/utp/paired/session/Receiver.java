package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** The incoming direction: order, the credit given, and when an ACK is due. */
final class Receiver {
    private static final long UNKNOWN = -1;

    private final SessionParameters parameters;
    private final SessionHost host;
    private final MemoryBudget memory;
    private final ReceiveBuffer buffer;
    private long finalOffset = UNKNOWN;
    private boolean reading;
    private boolean endDelivered;
    private boolean inRun;
    private long duplicates;

    /** The highest limit that the peer was told. */
    private long advertised;
    /** Where data came in last: where the peer is told of new credit. */
    private @Nullable CarrierSlot lastSlot;
    /** The user is being called: what comes meanwhile must queue up behind. */
    private boolean delivering;

    Receiver(SessionParameters parameters, SessionHost host, ByteBufAllocator allocator, MemoryBudget memory) {
        this.parameters = parameters;
        this.host = host;
        this.memory = memory;
        this.buffer = new ReceiveBuffer(allocator, memory);
        this.advertised = windowBytes();
    }

    void autoRead(boolean on) {
        reading = on;
    }

    long held() {
        return buffer.held();
    }

    long duplicates() {
        return duplicates;
    }

    boolean isEndDelivered() {
        return endDelivered;
    }

    /** Whether the peer has nothing more to send to us. */
    boolean isComplete() {
        return finalOffset == buffer.next();
    }

    /**
     * Takes a DATA frame.
     *
     * @return false if the peer makes more gaps than we keep: the session is to be reset
     */
    boolean handleData(CarrierSlot slot, long offset, ByteBuf bytes, long nowNanos) throws MalformedFrameException {
        int length = bytes.readableBytes();
        long end = offset + length;
        if (end > advertised) {
            throw new MalformedFrameException("DATA beyond the credit");
        }
        if (finalOffset != UNKNOWN && end > finalOffset) {
            throw new MalformedFrameException("DATA beyond the end");
        }
        int added;
        if (reading && !delivering && buffer.isEmpty() && offset <= buffer.delivered()) {
            added = (int) Math.max(0, end - buffer.delivered());
            if (added > 0) {
                buffer.passed(added);
                count(slot, added);
                deliver(bytes.retainedSlice(bytes.readerIndex() + length - added, added));
            }
        } else {
            added = buffer.insert(offset, bytes);
            if (added < 0) {
                return false;
            }
            count(slot, added);
        }
        duplicates += length - added;
        lastSlot = slot;
        slot.unacknowledged += length;
        slot.heardBytes += length;
        boolean now = slot.unacknowledged >= parameters.ackBytes() || isCreditStale();
        slot.scheduleAck(now ? nowNanos : nowNanos + parameters.ackDelayNanos());
        return true;
    }

    private void count(CarrierSlot slot, int added) {
        if (added > 0) {
            slot.payloadReceived += added;
            host.payloadReceived(slot.kind, added);
        }
    }

    void handleEnd(CarrierSlot slot, long offset, long nowNanos) throws MalformedFrameException {
        if (finalOffset != UNKNOWN && finalOffset != offset) {
            throw new MalformedFrameException("two different ends");
        }
        if (offset < buffer.highest()) {
            throw new MalformedFrameException("END before bytes that came");
        }
        finalOffset = offset;
        slot.scheduleAck(nowNanos);
    }

    /** Delivers what may be delivered. */
    void deliverHeld(long nowNanos) {
        while (reading && !delivering) {
            ByteBuf bytes = buffer.poll();
            if (bytes == null) {
                break;
            }
            deliver(bytes);
        }
        if (inRun && !delivering) {
            inRun = false;
            host.deliverComplete();
        }
        if (reading && !delivering && !endDelivered && finalOffset == buffer.delivered()) {
            endDelivered = true;
            host.deliverEnd();
        }
        if (lastSlot != null && finalOffset == UNKNOWN && isCreditStale()) {
            lastSlot.scheduleAck(nowNanos);
        }
    }

    /** Delivers what there is in order, also to a paused user: nothing will come that could be waited for. */
    void deliverRest() {
        if (delivering) {
            return;
        }
        for (ByteBuf bytes = buffer.poll(); bytes != null; bytes = buffer.poll()) {
            deliver(bytes);
        }
        if (inRun) {
            inRun = false;
            host.deliverComplete();
        }
    }

    private void deliver(ByteBuf bytes) {
        inRun = true;
        delivering = true;
        try {
            host.deliver(bytes);
        } finally {
            delivering = false;
        }
    }

    /** What the peer may send beyond what was delivered. Credit that was given is not taken back when this shrinks. */
    private int windowBytes() {
        return memory.share(parameters.receiveBytes(), SessionParameters.INITIAL_CREDIT);
    }

    /** Whether the peer should hear of new credit without waiting for more data. */
    private boolean isCreditStale() {
        int window = windowBytes();
        return buffer.delivered() + window - advertised >= window / 4;
    }

    /** A carrier is gone, and the last ACK perhaps with it: says it again on the other one. */
    void handleCarrierGone(CarrierSlot other, long nowNanos) {
        lastSlot = other;
        other.scheduleAck(nowNanos);
    }

    /** The next offset expected, the end counted as one. */
    long next() {
        return buffer.next() + (isComplete() ? 1 : 0);
    }

    /** How far the peer may send: what it is being told now. */
    long advertise() {
        advertised = Math.max(advertised, buffer.delivered() + windowBytes());
        return advertised;
    }

    void writeAck(ByteBuf out, CarrierSlot slot) {
        Frames.writeAck(out, next(), advertise());
        slot.unacknowledged = 0;
        slot.ackAtNanos = SessionCore.NEVER;
    }

    void release() {
        buffer.release();
    }
}
