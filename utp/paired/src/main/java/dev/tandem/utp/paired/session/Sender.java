package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * The outgoing direction: what is kept until it is acknowledged, how far it was sent, and how far the peer allows.
 * The end of the direction counts as one more offset behind the last byte, so that acknowledging covers it.
 */
final class Sender {
    /** However little memory there is, a session may keep so much: it goes on, if slowly. */
    private static final int LEAST_RETAIN_BYTES = 16 * 1024;

    private final SessionParameters parameters;
    private final MemoryBudget memory;
    private final ChunkQueue kept;
    /** The next offset to put on a carrier; from {@code kept.start()} to {@code kept.end()}. */
    private long nextSend;
    /** One past the highest offset ever sent. */
    private long highestSent;

    private long peerLimit = SessionParameters.INITIAL_CREDIT;
    private boolean finishing;
    /** END is on its way, on a carrier that may be trusted so far. */
    private boolean endSent;

    private boolean endEverSent;
    private boolean endAcked;
    private long resent;
    private boolean writable = true;

    Sender(SessionParameters parameters, ByteBufAllocator allocator, MemoryBudget memory) {
        this.parameters = parameters;
        this.memory = memory;
        kept = new ChunkQueue(allocator, memory, 0);
    }

    void append(ByteBuf bytes) {
        kept.append(bytes, bytes.readerIndex(), bytes.readableBytes());
    }

    void finish() {
        finishing = true;
    }

    boolean isFinishing() {
        return finishing;
    }

    boolean isEndAcked() {
        return endAcked;
    }

    /** The first offset that is not acknowledged. */
    long acked() {
        return kept.start();
    }

    /** The next offset to send. */
    long nextSend() {
        return nextSend;
    }

    /** What is sent so far, END counted as one. */
    long sentEnd() {
        return nextSend + (endSent ? 1 : 0);
    }

    /** What is acknowledged so far, END counted as one. */
    long ackedEnd() {
        return kept.start() + (endAcked ? 1 : 0);
    }

    long retained() {
        return kept.end() - kept.start();
    }

    long unsent() {
        return kept.end() - nextSend;
    }

    long resent() {
        return resent;
    }

    boolean isWritable() {
        return writable;
    }

    /** Looks whether the user may write; true if that changed. */
    boolean updateWritable() {
        // Who keeps too much of what is free now is owed ACKs: they make him look again, and nobody else has to.
        int retainBytes = memory.share(parameters.retainBytes(), LEAST_RETAIN_BYTES);
        // It becomes writable again at less than the bound, so that it does not flicker with every ACK.
        boolean now = writable
                ? isWithin(parameters.unsentBytes(), retainBytes)
                : isWithin(parameters.unsentBytes() / 2, retainBytes / 4 * 3L);
        boolean changed = now != writable;
        writable = now;
        return changed;
    }

    private boolean isWithin(long unsentBytes, long retainBytes) {
        return !finishing && unsent() < unsentBytes && retained() < retainBytes;
    }

    boolean hasToSend() {
        return nextSend < Math.min(kept.end(), peerLimit)
                || (finishing && !endSent && !endAcked && nextSend == kept.end());
    }

    /** Whether the peer owes us an acknowledgement. */
    boolean isOutstanding() {
        return kept.start() < nextSend || (endSent && !endAcked);
    }

    /** Whether bytes wait for nothing but the peer's credit. */
    boolean isBlockedByCredit() {
        return nextSend < kept.end() && nextSend >= peerLimit;
    }

    void raiseLimit(long limit) {
        peerLimit = Math.max(peerLimit, limit);
    }

    /** Fails if everything before an offset cannot have come, because it was never sent. */
    void check(long next) throws MalformedFrameException {
        if (next > (endEverSent ? kept.end() + 1 : highestSent)) {
            throw new MalformedFrameException("ACK of what was never sent");
        }
    }

    /**
     * Takes an acknowledgement of everything before an offset.
     *
     * @return whether anything new was acknowledged
     */
    boolean handleAck(long next) throws MalformedFrameException {
        check(next);
        boolean progress = false;
        if (next > kept.end() && !endAcked) {
            endAcked = true;
            progress = true;
        }
        long bytes = Math.min(next, kept.end());
        if (bytes > kept.start()) {
            kept.dropUntil(bytes);
            // After a rewind, what the old carrier had delivered all the same is acknowledged before it is sent again.
            nextSend = Math.max(nextSend, bytes);
            progress = true;
        }
        return progress;
    }

    /** Everything that is not acknowledged will be sent again. */
    void rewind() {
        nextSend = kept.start();
        endSent = false;
    }

    /**
     * Writes DATA, and END behind the last byte.
     *
     * @param room most bytes to write
     * @return payload bytes written
     */
    int fill(ByteBuf out, int room) {
        int payload = (int) Math.min(room - Frames.DATA_OVERHEAD, Math.min(kept.end(), peerLimit) - nextSend);
        int left = room;
        if (payload > 0) {
            Frames.writeDataHeader(out, nextSend, payload);
            kept.copyTo(nextSend, payload, out);
            resent += Math.max(0, Math.min(highestSent, nextSend + payload) - nextSend);
            nextSend += payload;
            highestSent = Math.max(highestSent, nextSend);
            left -= Frames.DATA_OVERHEAD + payload;
        }
        if (finishing && !endSent && !endAcked && nextSend == kept.end() && left >= Frames.END_LENGTH) {
            Frames.writeEnd(out, kept.end());
            endSent = true;
            endEverSent = true;
        }
        return Math.max(0, payload);
    }

    void release() {
        kept.release();
        nextSend = kept.end();
    }
}
