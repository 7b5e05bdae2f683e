package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.ResetReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Makes what goes out: each batch is whole frames, and becomes one record on its carrier. */
final class BatchWriter {
    private static final int NONE = -1;

    /** Room for every control frame that one batch can hold. */
    private static final int CONTROL_ROOM = Frames.ACK_LENGTH + 2 * Frames.PING_LENGTH + 2 * Frames.PAIR_LENGTH;

    private final ByteBufAllocator allocator;
    private final Sender sender;
    private final Receiver receiver;
    private final CarrierChoice choice;
    private final SessionHost host;
    private int pairDue = NONE;
    private int dropDue = NONE;

    BatchWriter(ByteBufAllocator allocator, Sender sender, Receiver receiver, CarrierChoice choice, SessionHost host) {
        this.allocator = allocator;
        this.sender = sender;
        this.receiver = receiver;
        this.choice = choice;
        this.host = host;
    }

    /** The next batch on TLS announces a pairing. */
    void announcePairing(int attempt) {
        pairDue = attempt;
    }

    /** The next batch on TLS says that the µTP connection of this pairing is over. */
    void announceDrop(int attempt) {
        dropDue = attempt;
    }

    void forgetDrop() {
        dropDue = NONE;
    }

    /** TLS is gone, and its successor says by itself how things are. */
    void forgetAnnouncements() {
        pairDue = NONE;
        dropDue = NONE;
    }

    /**
     * Gives a carrier the next batch, if there is reason for one and it takes it. The carrier may call back, so state is
     * complete before it is called.
     */
    boolean write(CarrierSlot slot, boolean isTls, long nowNanos) {
        Carrier carrier = slot.carrier;
        boolean data = slot == choice.sending() && sender.hasToSend();
        boolean pairing = isTls && (pairDue != NONE || dropDue != NONE);
        if (carrier == null
                || !(data || pairing || slot.hasControl() || slot.ackAtNanos <= nowNanos)
                || !carrier.isWritable()) {
            return false;
        }
        int most = carrier.maxWriteBytes();
        long wanted = CONTROL_ROOM + (data ? sender.unsent() + Frames.DATA_OVERHEAD + Frames.END_LENGTH : 0);
        int size = (int) Math.min(most, wanted);
        ByteBuf batch = allocator.heapBuffer(size, size);
        if (isTls) {
            writePairing(batch);
        }
        writeControl(slot, batch, nowNanos);
        if (data) {
            int payload = sender.fill(batch, most - batch.readableBytes());
            slot.payloadSent += payload;
            choice.handleSent(slot, nowNanos);
            if (payload > 0) {
                host.payloadSent(slot.kind, payload);
            }
        }
        carrier.write(batch);
        return true;
    }

    private void writePairing(ByteBuf batch) {
        if (pairDue != NONE) {
            Frames.writePair(batch, pairDue);
            pairDue = NONE;
        }
        if (dropDue != NONE) {
            Frames.writeDrop(batch, dropDue);
            dropDue = NONE;
        }
    }

    private void writeControl(CarrierSlot slot, ByteBuf batch, long nowNanos) {
        if (slot.pongDue) {
            slot.pongDue = false;
            Frames.writePong(batch, slot.pongToken);
        }
        if (slot.pingDue) {
            slot.pingDue = false;
            slot.pingToken++;
            slot.pingAtNanos = nowNanos;
            Frames.writePing(batch, slot.pingToken);
        }
        if (slot.ackAtNanos != SessionCore.NEVER) {
            receiver.writeAck(batch, slot);
        }
    }

    /** Says on a carrier how far everything came, for the last time. */
    void writeLastAck(CarrierSlot slot) {
        if (slot.carrier != null) {
            ByteBuf batch = allocator.heapBuffer(Frames.ACK_LENGTH, Frames.ACK_LENGTH);
            receiver.writeAck(batch, slot);
            slot.carrier.write(batch);
        }
    }

    void writeReset(Carrier carrier, ResetReason reason) {
        ByteBuf batch = allocator.heapBuffer(Frames.RESET_LENGTH, Frames.RESET_LENGTH);
        Frames.writeReset(batch, reason.code());
        carrier.write(batch);
    }
}
