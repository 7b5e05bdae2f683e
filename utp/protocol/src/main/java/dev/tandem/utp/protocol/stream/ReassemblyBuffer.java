package dev.tandem.utp.protocol.stream;

import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts received packets in order. A packet ahead of a gap waits by its sequence number, since its place in the stream
 * is not known before all packets before it have come; what is in order waits to be read.
 *
 * <p>Memory is bounded by the capacity, and so is the number of packets that wait, empty ones included.
 */
public final class ReassemblyBuffer {
    /** How far ahead of the next expected packet one may be; a power of two. */
    public static final int MAX_PACKETS_AHEAD = 16_384;

    /**
     * Above the capacity, so that the one-byte probe of a window that we closed is taken and acknowledged rather than
     * dropped and sent again.
     */
    private static final int PROBE_SLACK_BYTES = 2_048;

    private static final int INITIAL_SLOTS = 64;

    /** Most bytes of storage that is kept for the next packets ahead of a gap: those of one round trip, on most paths. */
    private static final int MAX_SPARE_BYTES = 256 << 10;

    /** What is smaller is made anew as easily. */
    private static final int MIN_SPARE_BYTES = 512;

    private static final byte[] EMPTY = {};
    private static final byte[] @Nullable [] NO_SLOTS = {};

    /** What became of an offered packet. */
    public enum Offer {
        /** It was the next one expected. */
        IN_ORDER,
        /** It waits for one that is missing. */
        AHEAD,
        /** It was here before. */
        DUPLICATE,
        /** There is no room for it, or it lies too far ahead, or behind the end of the stream. */
        REFUSED
    }

    private final int capacityBytes;
    private final ByteRing inOrder = new ByteRing();

    /** Payload of packets ahead of a gap, by sequence number modulo the length, which is a power of two. */
    private byte[] @Nullable [] ahead = NO_SLOTS;

    private int aheadPackets;
    private int aheadBytes;

    /** Storage of packets that waited, all of one size, for others of that size. */
    private final ArrayDeque<byte[]> spare = new ArrayDeque<>(0);

    private int spareBytes;

    /** How far the highest waiting packet lies ahead of {@link #ackNr}; 0 if none waits. */
    private int highestAhead;

    private int ackNr;
    private boolean finKnown;
    private int finSeqNr;
    private boolean discarding;

    /**
     * @param capacityBytes most bytes held, in order or not
     * @param ackNr the sequence number before the first one expected
     */
    public ReassemblyBuffer(int capacityBytes, int ackNr) {
        this.capacityBytes = capacityBytes;
        this.ackNr = ackNr;
    }

    /** The last sequence number received in order. */
    public int ackNr() {
        return ackNr;
    }

    /** Takes a DATA packet's payload. */
    public Offer offer(int seqNr, ByteBuffer payload) {
        int distance = SequenceNumbers.distance(ackNr, seqNr);
        if (distance <= 0) {
            return Offer.DUPLICATE;
        }
        if (distance > MAX_PACKETS_AHEAD || (finKnown && SequenceNumbers.distance(seqNr, finSeqNr) <= 0)) {
            return Offer.REFUSED;
        }
        int bytes = payload.remaining();
        if (distance == 1) {
            if (inOrder.size() + aheadBytes + bytes > capacityBytes + PROBE_SLACK_BYTES) {
                return Offer.REFUSED;
            }
            accept(payload);
            advance();
            acceptWaiting();
            return Offer.IN_ORDER;
        }
        if (isWaiting(seqNr)) {
            return Offer.DUPLICATE;
        }
        if (bytes > freeBytes()) {
            return Offer.REFUSED;
        }
        byte[] copy = EMPTY;
        if (bytes > 0) {
            copy = storage(bytes);
            payload.get(copy);
        }
        keep(seqNr, distance, copy);
        return Offer.AHEAD;
    }

    /** Takes a FIN, which ends the stream behind all packets with lower numbers. */
    public Offer offerFin(int seqNr) {
        int distance = SequenceNumbers.distance(ackNr, seqNr);
        if (distance <= 0) {
            return Offer.DUPLICATE;
        }
        if (finKnown) {
            return seqNr == finSeqNr ? Offer.DUPLICATE : Offer.REFUSED;
        }
        // A FIN that contradicts data already received is not one of a sane peer.
        if (distance > MAX_PACKETS_AHEAD || distance <= highestAhead) {
            return Offer.REFUSED;
        }
        finKnown = true;
        finSeqNr = seqNr;
        acceptWaiting();
        return isEnded() ? Offer.IN_ORDER : Offer.AHEAD;
    }

    /** Whether everything up to the FIN has been received; bytes may still wait to be read. */
    public boolean isEnded() {
        return finKnown && ackNr == finSeqNr;
    }

    /** Bytes that can be read now. */
    public int readableBytes() {
        return inOrder.size();
    }

    /** Reads what is in order; returns the number of bytes, 0 if there are none. */
    public int read(ByteBuffer target) {
        int count = Math.min(target.remaining(), inOrder.size());
        inOrder.copyTo(inOrder.start(), count, target);
        inOrder.releaseTo(inOrder.start() + count);
        return count;
    }

    /** From now on acknowledges what comes, and throws it away. */
    public void discard() {
        discarding = true;
        inOrder.releaseTo(inOrder.end());
    }

    /** Bytes received in order since the beginning. */
    public long receivedBytes() {
        return inOrder.end();
    }

    /** Room left, which is what a window can promise; never negative. */
    public int freeBytes() {
        return Math.max(0, capacityBytes - inOrder.size() - aheadBytes);
    }

    /** Whether packets wait for one that is missing. */
    public boolean hasGap() {
        return aheadPackets > 0 || (finKnown && !isEnded());
    }

    /**
     * Writes the selective acknowledgement: which packets from {@code ackNr + 2} on wait here.
     *
     * @return how many bytes of the bitmap are in use, a multiple of 4; 0 if none waits
     */
    public int selectiveAck(byte[] bitmap) {
        if (aheadPackets == 0) {
            return 0;
        }
        int words = (highestAhead - 2) / 32 + 1;
        int bytes = Math.min(words * 4, bitmap.length);
        Arrays.fill(bitmap, 0, bytes, (byte) 0);
        int bits = Math.min(bytes * 8, highestAhead - 1);
        for (int bit = 0; bit < bits; bit++) {
            if (isWaiting(SequenceNumbers.plus(ackNr, bit + 2))) {
                bitmap[bit >> 3] |= (byte) (1 << (bit & 7));
            }
        }
        return bytes;
    }

    /** For checks of its state: what waits ahead of a gap, by sequence number modulo the length. */
    byte[] @Nullable [] waiting() {
        return ahead;
    }

    /** Whether {@link #trim} would give something back. */
    public boolean isTrimmable() {
        return inOrder.isTrimmable() || (aheadPackets == 0 && ahead.length > 0) || spareBytes > 0;
    }

    /** Gives back the storage that holds nothing. */
    public void trim() {
        inOrder.trim();
        dropSpare();
        if (aheadPackets == 0) {
            ahead = NO_SLOTS;
        }
    }

    private void accept(ByteBuffer payload) {
        if (!discarding) {
            inOrder.append(payload, payload.remaining());
        }
    }

    private void advance() {
        ackNr = SequenceNumbers.plus(ackNr, 1);
        if (highestAhead > 0) {
            highestAhead--;
        }
    }

    /** Moves packets that are in order now, and passes the FIN when it is its turn. */
    private void acceptWaiting() {
        while (aheadPackets > 0) {
            int index = SequenceNumbers.plus(ackNr, 1) & (ahead.length - 1);
            byte[] waiting = ahead[index];
            if (waiting == null) {
                break;
            }
            ahead[index] = null;
            aheadPackets--;
            aheadBytes -= waiting.length;
            if (!discarding) {
                inOrder.append(waiting);
            }
            recycle(waiting);
            advance();
        }
        if (finKnown && !isEnded() && SequenceNumbers.plus(ackNr, 1) == finSeqNr) {
            advance();
        }
    }

    private boolean isWaiting(int seqNr) {
        int distance = SequenceNumbers.distance(ackNr, seqNr);
        return distance > 0 && distance <= highestAhead && ahead[seqNr & (ahead.length - 1)] != null;
    }

    private void keep(int seqNr, int distance, byte[] payload) {
        if (distance > ahead.length) {
            growSlots(distance);
        }
        ahead[seqNr & (ahead.length - 1)] = payload;
        aheadPackets++;
        aheadBytes += payload.length;
        highestAhead = Math.max(highestAhead, distance);
    }

    private byte[] storage(int bytes) {
        byte[] kept = spare.peek();
        if (kept == null || kept.length != bytes) {
            return new byte[bytes];
        }
        spareBytes -= bytes;
        return spare.remove();
    }

    private void recycle(byte[] storage) {
        if (storage.length < MIN_SPARE_BYTES) {
            return;
        }
        byte[] kept = spare.peek();
        if (kept != null && kept.length < storage.length) {
            // Full packets count; the path takes larger ones now.
            dropSpare();
            kept = null;
        }
        if ((kept == null || kept.length == storage.length) && spareBytes + storage.length <= MAX_SPARE_BYTES) {
            spare.push(storage);
            spareBytes += storage.length;
        }
    }

    private void dropSpare() {
        spare.clear();
        spareBytes = 0;
    }

    private void growSlots(int distance) {
        int length = Math.max(INITIAL_SLOTS, Integer.highestOneBit(distance - 1) << 1);
        byte[] @Nullable [] larger = new byte[length][];
        for (int i = 1; i <= highestAhead; i++) {
            int seqNr = SequenceNumbers.plus(ackNr, i);
            larger[seqNr & (length - 1)] = ahead[seqNr & (ahead.length - 1)];
        }
        ahead = larger;
    }
}
