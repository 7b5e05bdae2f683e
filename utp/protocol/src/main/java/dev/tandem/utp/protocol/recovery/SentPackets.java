package dev.tandem.utp.protocol.recovery;

import dev.tandem.utp.protocol.wire.SequenceNumbers;
import org.jspecify.annotations.Nullable;

/**
 * The packets from the first unacknowledged one to the next to be sent, found by sequence number, and those in flight
 * in the order of their last transmission. Storage grows by doubling up to {@link #MAX_PACKETS}; entries are reused, until
 * {@link #trim} gives them back.
 */
final class SentPackets {
    /** Most packets that may be unacknowledged; a power of two below half of the sequence numbers. */
    static final int MAX_PACKETS = 16_384;

    private static final int INITIAL_PACKETS = 8;
    private static final SentPacket[] NO_ENTRIES = {};

    /** Entry of seqNr n is at n modulo the length, which is zero or a power of two. */
    private SentPacket[] entries = NO_ENTRIES;

    /** Sequence number of the first packet not acknowledged in order. */
    private int first;

    /** Packets from {@link #first} on; the next sequence number is {@code first + count}. */
    private int count;

    private @Nullable SentPacket earliestInFlight;
    private @Nullable SentPacket latestInFlight;
    private long bytesInFlight;
    private int packetsInFlight;
    private int packetsLost;

    /** No lost packet lies before this one. */
    private int firstLostHint;

    SentPackets(int nextSeqNr) {
        first = nextSeqNr;
    }

    int first() {
        return first;
    }

    int count() {
        return count;
    }

    int nextSeqNr() {
        return SequenceNumbers.plus(first, count);
    }

    long bytesInFlight() {
        return bytesInFlight;
    }

    int packetsInFlight() {
        return packetsInFlight;
    }

    int packetsLost() {
        return packetsLost;
    }

    @Nullable
    SentPacket earliestInFlight() {
        return earliestInFlight;
    }

    @Nullable
    SentPacket latestInFlight() {
        return latestInFlight;
    }

    /** The packet with a number from {@link #first} up to, not including, {@link #nextSeqNr}. */
    SentPacket get(int seqNr) {
        return entries[seqNr & (entries.length - 1)];
    }

    boolean contains(int seqNr) {
        int distance = SequenceNumbers.distance(first, seqNr);
        return distance >= 0 && distance < count;
    }

    /** A new packet with the next sequence number; not in flight before {@link #transmitted} is called. */
    SentPacket add(long streamOffset, int payloadBytes, boolean fin) {
        if (count == entries.length) {
            grow();
        }
        int seqNr = nextSeqNr();
        SentPacket packet = get(seqNr);
        packet.seqNr = seqNr;
        packet.streamOffset = streamOffset;
        packet.payloadBytes = payloadBytes;
        packet.fin = fin;
        packet.transmissions = 0;
        packet.lossEpisode = 0;
        packet.probeBytes = 0;
        packet.state = SentPacket.State.ACKNOWLEDGED;
        count++;
        return packet;
    }

    /** The packet was handed to the network, for the first time or again. */
    void transmitted(long nowNanos, SentPacket packet, int wireBytes) {
        leaveState(packet);
        packet.wireBytes = wireBytes;
        packet.sentNanos = nowNanos;
        if (packet.transmissions++ == 0) {
            packet.firstSentNanos = nowNanos;
        }
        packet.state = SentPacket.State.IN_FLIGHT;
        packet.earlier = latestInFlight;
        packet.later = null;
        if (latestInFlight == null) {
            earliestInFlight = packet;
        } else {
            latestInFlight.later = packet;
        }
        latestInFlight = packet;
        bytesInFlight += wireBytes;
        packetsInFlight++;
    }

    void lost(SentPacket packet) {
        leaveState(packet);
        if (packetsLost == 0 || SequenceNumbers.isBefore(packet.seqNr, firstLostHint)) {
            firstLostHint = packet.seqNr;
        }
        packet.state = SentPacket.State.LOST;
        packetsLost++;
    }

    void acknowledged(SentPacket packet) {
        leaveState(packet);
        packet.state = SentPacket.State.ACKNOWLEDGED;
    }

    /** Drops the first packet, which must have been acknowledged. */
    void removeFirst() {
        first = SequenceNumbers.plus(first, 1);
        count--;
    }

    /** The lost packet with the lowest number, or null. */
    @Nullable
    SentPacket firstLost() {
        if (packetsLost == 0) {
            return null;
        }
        if (!contains(firstLostHint)) {
            firstLostHint = first;
        }
        while (get(firstLostHint).state != SentPacket.State.LOST) {
            firstLostHint = SequenceNumbers.plus(firstLostHint, 1);
        }
        return get(firstLostHint);
    }

    /** Whether {@link #trim} would give something back. */
    boolean isTrimmable() {
        return count == 0 && entries.length > 0;
    }

    /** Gives the storage back, if nothing is in it. */
    void trim() {
        if (count == 0) {
            entries = NO_ENTRIES;
        }
    }

    private void leaveState(SentPacket packet) {
        switch (packet.state) {
            case IN_FLIGHT -> {
                bytesInFlight -= packet.wireBytes;
                packetsInFlight--;
                unlink(packet);
            }
            case LOST -> packetsLost--;
            case ACKNOWLEDGED -> {}
        }
    }

    private void unlink(SentPacket packet) {
        if (packet.earlier == null) {
            earliestInFlight = packet.later;
        } else {
            packet.earlier.later = packet.later;
        }
        if (packet.later == null) {
            latestInFlight = packet.earlier;
        } else {
            packet.later.earlier = packet.earlier;
        }
        packet.earlier = null;
        packet.later = null;
    }

    private void grow() {
        SentPacket[] larger = newEntries(Math.max(INITIAL_PACKETS, entries.length * 2));
        for (int i = 0; i < count; i++) {
            int seqNr = SequenceNumbers.plus(first, i);
            larger[seqNr & (larger.length - 1)] = get(seqNr);
        }
        entries = larger;
    }

    private static SentPacket[] newEntries(int length) {
        SentPacket[] entries = new SentPacket[length];
        for (int i = 0; i < length; i++) {
            entries[i] = new SentPacket();
        }
        return entries;
    }
}
