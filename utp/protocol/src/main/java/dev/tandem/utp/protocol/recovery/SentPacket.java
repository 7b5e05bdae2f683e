package dev.tandem.utp.protocol.recovery;

import org.jspecify.annotations.Nullable;

/**
 * A packet that was sent and is not acknowledged in order. What it carries is fixed when it is first sent: a receiver
 * puts packets, not bytes, in order.
 */
public final class SentPacket {
    enum State {
        /** Sent; neither acknowledged nor taken for lost. */
        IN_FLIGHT,
        /** Taken for lost; waits to be sent again. */
        LOST,
        /** Acknowledged, out of order or in order. */
        ACKNOWLEDGED
    }

    State state = State.ACKNOWLEDGED;
    int seqNr;
    long streamOffset;
    int payloadBytes;
    boolean fin;
    int wireBytes;

    /** The size that this packet is to find out about, by being padded to it when it is sent first; 0 for none. */
    int probeBytes;

    /** Sent so that it may be fragmented: it passes whatever its size. */
    boolean fragmentable;

    int transmissions;
    long sentNanos;
    long firstSentNanos;

    /** What was known when it was sent last; see {@link DeliveryRate}. */
    long flightStartNanos;

    long deliveredBytes;
    long deliveredNanos;
    int deliveredPeerMicros;
    boolean deliveredPeerKnown;
    boolean appLimited;

    /** In which episode of losses it was taken for lost last; 0: in none. */
    int lossEpisode;

    /** Neighbours in the order of transmission while in flight. */
    @Nullable
    SentPacket earlier;

    @Nullable
    SentPacket later;

    /** The packet's sequence number. */
    public int seqNr() {
        return seqNr;
    }

    /** Stream offset of its first payload byte. */
    public long streamOffset() {
        return streamOffset;
    }

    /** Bytes of payload; 0 for a FIN. */
    public int payloadBytes() {
        return payloadBytes;
    }

    /** Whether it was sent before. */
    public boolean isRetransmission() {
        return transmissions > 0;
    }

    /** The size to pad it to now, as a probe of the path's MTU; 0 for none. */
    public int probeBytes() {
        return transmissions == 0 ? probeBytes : 0;
    }

    /** Whether it is the FIN. */
    public boolean isFin() {
        return fin;
    }
}
