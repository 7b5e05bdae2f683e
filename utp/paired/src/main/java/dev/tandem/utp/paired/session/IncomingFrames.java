package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.ResetReason;
import io.netty.buffer.ByteBuf;

/** What the frames of one read of one carrier mean for its session. */
final class IncomingFrames implements FrameDecoder.Handler {
    private final SessionCore core;
    private final Sender sender;
    private final Receiver receiver;
    private final CarrierChoice choice;
    private final CarrierSlot slot;
    private final Carrier carrier;
    private final long nowNanos;

    IncomingFrames(
            SessionCore core,
            Sender sender,
            Receiver receiver,
            CarrierChoice choice,
            CarrierSlot slot,
            Carrier carrier,
            long nowNanos) {
        this.core = core;
        this.sender = sender;
        this.receiver = receiver;
        this.choice = choice;
        this.slot = slot;
        this.carrier = carrier;
        this.nowNanos = nowNanos;
    }

    @Override
    public boolean isOpen() {
        return core.closeReason() == null && slot.carrier == carrier;
    }

    @Override
    public void onData(long offset, ByteBuf bytes) throws MalformedFrameException {
        if (!receiver.handleData(slot, offset, bytes, nowNanos)) {
            core.reset(ResetReason.PROTOCOL_VIOLATION);
        }
    }

    @Override
    public void onAck(long next, long limit) throws MalformedFrameException {
        boolean progress = sender.handleAck(next);
        sender.raiseLimit(limit);
        if (progress) {
            choice.handleProgress(nowNanos);
        }
    }

    @Override
    public void onEnd(long finalOffset) throws MalformedFrameException {
        receiver.handleEnd(slot, finalOffset, nowNanos);
    }

    @Override
    public void onReset(int code) {
        core.handleReset(ResetReason.ofCode(code));
    }

    @Override
    public void onPing(long token) {
        slot.pongDue = true;
        slot.pongToken = token;
        // Whoever asks may have lost our last ACK.
        slot.scheduleAck(nowNanos);
    }

    @Override
    public void onPong(long token) {
        choice.handlePong(slot, token, nowNanos);
    }

    @Override
    public void onPair(int attempt) throws MalformedFrameException {
        core.handlePair(slot, attempt);
    }

    @Override
    public void onDrop(int attempt) throws MalformedFrameException {
        core.handleDrop(slot, attempt, nowNanos);
    }
}
