package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.RttEstimator;
import dev.tandem.utp.protocol.stream.ReassemblyBuffer;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketWriter;
import java.nio.ByteBuffer;

/** The receiving direction of a connection: puts packets in order, and decides when to acknowledge. */
final class Receiver {
    /** In-order packets that may go unacknowledged while more may still come in the same batch. */
    private static final int MAX_UNACKNOWLEDGED_PACKETS = 2;

    private static final long MAX_ACK_DELAY_NANOS = 25_000_000L;

    /** A window smaller than that is told as none, so that nobody sends into a sliver (RFC 9293, 3.8.6.2.2). */
    private static final int SLIVER_BYTES = 2 * 1_402;

    private static final long FIRST_WINDOW_REPEAT_NANOS = 250_000_000L;
    private static final int MAX_WINDOW_REPEATS = 6;

    /** The most of a selective acknowledgement that foreign peers are known to read. */
    static final int FOREIGN_SELECTIVE_ACK_BYTES = 32;

    private static final byte[] NO_BYTES = {};

    private final int capacityBytes;
    private final RttEstimator rtt;
    private final ReassemblyBuffer buffer;
    private byte[] bitmap = NO_BYTES;
    private int maxSelectiveAckBytes = FOREIGN_SELECTIVE_ACK_BYTES;

    private boolean ackNow;
    private int unacknowledgedPackets;
    private long ackDeadline = LossRecovery.NONE;

    private long advertisedBytes;

    /** When to tell again that the window has opened, since the update may be lost; NONE unless it was shut. */
    private long repeatDeadline = LossRecovery.NONE;

    private int repeats;
    private long duplicates;

    Receiver(int capacityBytes, int ackNr, RttEstimator rtt) {
        this.capacityBytes = capacityBytes;
        this.rtt = rtt;
        this.buffer = new ReassemblyBuffer(capacityBytes, ackNr);
        this.advertisedBytes = capacityBytes;
    }

    void peerIsOurKind() {
        maxSelectiveAckBytes = PacketWriter.MAX_SELECTIVE_ACK_BYTES;
    }

    void onData(long nowNanos, Packet packet) {
        boolean hadGap = buffer.hasGap();
        repeatDeadline = LossRecovery.NONE;
        onOffer(nowNanos, buffer.offer(packet.seqNr(), packet.payload()), hadGap);
    }

    void onFin(long nowNanos, Packet packet) {
        onOffer(nowNanos, buffer.offerFin(packet.seqNr()), true);
    }

    private void onOffer(long nowNanos, ReassemblyBuffer.Offer offer, boolean atOnce) {
        if (offer == ReassemblyBuffer.Offer.DUPLICATE) {
            duplicates++;
        }
        if (offer != ReassemblyBuffer.Offer.IN_ORDER || atOnce) {
            ackNow = true;
            return;
        }
        unacknowledgedPackets++;
        if (ackDeadline == LossRecovery.NONE) {
            long quarter = rtt.isSampled() ? rtt.smoothedNanos() / 4 : MAX_ACK_DELAY_NANOS;
            ackDeadline = nowNanos + Math.min(quarter, MAX_ACK_DELAY_NANOS);
        }
    }

    int read(ByteBuffer target) {
        int count = buffer.read(target);
        if (count == 0) {
            return buffer.isEnded() && buffer.readableBytes() == 0 ? -1 : 0;
        }
        // Tell of room only when the peer may be waiting for it, and only when it is worth a packet.
        long opened = windowBytes() - advertisedBytes;
        if (advertisedBytes < capacityBytes / 2 && opened >= Math.max(SLIVER_BYTES, capacityBytes / 4)) {
            ackNow = true;
        }
        return count;
    }

    void acknowledgeNow() {
        ackNow = true;
    }

    /** Whether an acknowledgement should go out with the next draining. */
    boolean isAckDue() {
        return ackNow || unacknowledgedPackets >= MAX_UNACKNOWLEDGED_PACKETS;
    }

    /** A packet that carries {@code ack_nr} is being written; a STATE carries the selective acknowledgement as well. */
    void onAckSent(long nowNanos, boolean isState) {
        boolean wasShut = advertisedBytes < SLIVER_BYTES;
        advertisedBytes = windowBytes();
        boolean isOpen = advertisedBytes >= SLIVER_BYTES;
        if (wasShut && isOpen) {
            repeats = 0;
            repeatDeadline = nowNanos + FIRST_WINDOW_REPEAT_NANOS;
        }
        // Peers count only STATE as a sign that a packet is missing, so what rides on data does not settle a gap.
        if (isState || !buffer.hasGap()) {
            ackNow = false;
            unacknowledgedPackets = 0;
            ackDeadline = LossRecovery.NONE;
        }
    }

    /** The window to advertise. */
    long windowBytes() {
        int free = buffer.freeBytes();
        return free < SLIVER_BYTES ? 0 : free;
    }

    long deadline() {
        return Math.min(ackDeadline, repeatDeadline);
    }

    /** The time that {@link #deadline()} spoke of may have come. */
    void onDeadline(long nowNanos) {
        if (ackDeadline != LossRecovery.NONE && ackDeadline - nowNanos <= 0) {
            ackDeadline = LossRecovery.NONE;
            ackNow = true;
        }
        if (repeatDeadline != LossRecovery.NONE && repeatDeadline - nowNanos <= 0) {
            repeats++;
            repeatDeadline = repeats < MAX_WINDOW_REPEATS
                    ? nowNanos + (FIRST_WINDOW_REPEAT_NANOS << repeats)
                    : LossRecovery.NONE;
            ackNow = true;
        }
    }

    /** Writes the selective acknowledgement behind a STATE's header, if packets are missing. */
    void writeSelectiveAck(ByteBuffer out, int packetStart) {
        if (!buffer.hasGap()) {
            return;
        }
        if (bitmap.length == 0) {
            bitmap = new byte[maxSelectiveAckBytes];
        }
        int bytes = buffer.selectiveAck(bitmap);
        if (bytes > 0) {
            PacketWriter.selectiveAck(out, packetStart, bitmap, bytes);
        }
    }

    /** Whether {@link #trim} would give something back. */
    boolean isTrimmable() {
        return buffer.isTrimmable() || bitmap.length > 0;
    }

    /** Gives back the storage that holds nothing. */
    void trim() {
        buffer.trim();
        bitmap = NO_BYTES;
    }

    ReassemblyBuffer buffer() {
        return buffer;
    }

    long duplicates() {
        return duplicates;
    }
}
