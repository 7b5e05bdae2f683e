package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.protocol.recovery.AckOutcome;
import dev.tandem.utp.protocol.recovery.DelayHistory;
import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.PathMtu;
import dev.tandem.utp.protocol.recovery.RttEstimator;
import dev.tandem.utp.protocol.recovery.SentPacket;
import dev.tandem.utp.protocol.stream.ByteRing;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketWriter;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The sending direction of a connection: what was written, which packet goes out next, and what acknowledgements do to
 * that.
 */
final class Sender {
    /** So much may always be written ahead of the network: enough for a few packets, and for small writes. */
    private static final int MIN_UNSENT_BYTES = 8 << 10;

    /**
     * Beyond that, what the network takes in that time: the writer's next turn on a busy event loop comes sooner. What waits
     * here is delay that no writer can undo, and says nothing of the network.
     */
    private static final long UNSENT_NANOS = 8_000_000L;

    private static final double SECOND_NANOS = 1e9;

    /** Toward a foreign peer, which drops what is further ahead than its reorder buffer (libtorrent: 953). */
    private static final int MAX_OUTSTANDING_FOREIGN = 950;

    /** Toward our own kind, within {@link dev.tandem.utp.protocol.stream.ReassemblyBuffer#MAX_PACKETS_AHEAD}. */
    private static final int MAX_OUTSTANDING_OWN = 16_000;

    /** An acknowledgement may be older by that many packets than what is outstanding (as libutp and libtorrent check). */
    private static final int ACK_SLACK_PACKETS = 3;

    /** Until the peer has told its window: libtorrent's SYN says 0 and does not mean it. */
    private static final int ASSUMED_WINDOW_BYTES = 16 << 10;

    private static final int PACKETS_BEHIND_PROBE = 4;
    private static final int MIN_BATCHES_IN_WINDOW = 3;

    private static final long MAX_OVERTAKEN_NANOS = 60_000_000_000L;
    private static final long MIN_PERSIST_NANOS = 500_000_000L;
    private static final long MAX_PERSIST_NANOS = 16_000_000_000L;

    private final int sendBufferBytes;
    private final RttEstimator rtt;
    private final DelayHistory delays = new DelayHistory();
    private final PathMtu mtu;
    private final LossRecovery recovery;
    private final CongestionController controller;
    private final CongestionController.Acknowledgement acknowledgement = new CongestionController.Acknowledgement();

    /** Of which the controller knows. */
    private int maxPacketBytes;

    private final Pacer pacer = new Pacer();
    private final ByteRing written = new ByteRing();

    /** Stream offset of the first byte that was never sent. */
    private long nextOffset;

    private long peerWindowBytes = ASSUMED_WINDOW_BYTES;

    /** Which packet told it. */
    private boolean windowKnown;

    private int windowAckNr;
    private int windowTimestampMicros;
    private long windowNanos;

    private boolean peerIsOurKind;

    /** A FIN may not be the first packet. */
    private boolean dataBeforeFin;

    private boolean finQueued;
    private boolean finSent;
    private boolean finAcknowledged;

    /** The last write was not taken whole, so more is about to come. */
    private boolean writeBlocked;

    /** The next packet may go out whatever the congestion window says, and something must. */
    private boolean probe;

    /** The congestion window, and nothing else, held a packet back. */
    private boolean windowLimited;

    /** When to try a window that is too small for a packet, or {@link LossRecovery#NONE}. */
    private long persistDeadline = LossRecovery.NONE;

    private int persistBackoff;
    private boolean persistProbe;

    Sender(ConnectionConfig config, PathMtu mtu, int nextSeqNr, RttEstimator rtt) {
        this.sendBufferBytes = config.sendBufferBytes();
        this.rtt = rtt;
        this.mtu = mtu;
        this.recovery = new LossRecovery(nextSeqNr, rtt, mtu);
        this.maxPacketBytes = mtu.bytes();
        this.controller = config.congestionController().create(maxPacketBytes);
    }

    void peerIsOurKind() {
        peerIsOurKind = true;
    }

    /** An acceptor that is libutp takes no FIN before it has seen DATA; an empty one will do. */
    void dataBeforeFin() {
        dataBeforeFin = true;
    }

    int write(ByteBuffer source) {
        if (finQueued) {
            throw new IllegalStateException("written after finish()");
        }
        int count = Math.min(source.remaining(), roomBytes());
        if (count > 0) {
            written.append(source, count);
        }
        writeBlocked = source.hasRemaining();
        return count;
    }

    /** What {@link #write} would take: a little ahead of the network, so that no backlog grows here unseen. */
    int roomBytes() {
        return finQueued
                ? 0
                : (int) Math.max(0, Math.min(sendBufferBytes - written.size(), unsentLimitBytes() - unsentBytes()));
    }

    private long unsentLimitBytes() {
        long rate = controller.pacingBytesPerSecond();
        long ahead = rate == 0 ? controller.windowBytes() : (long) (rate * (UNSENT_NANOS / SECOND_NANOS));
        return Math.max(MIN_UNSENT_BYTES, ahead);
    }

    /** Whether a writer that was turned away would now find room worth its while. Answers true once. */
    boolean becameWritable() {
        if (writeBlocked && !finQueued && roomBytes() >= Math.min(sendBufferBytes, unsentLimitBytes()) / 4) {
            writeBlocked = false;
            return true;
        }
        return false;
    }

    void finish() {
        finQueued = true;
    }

    boolean isFinishing() {
        return finQueued;
    }

    boolean isFinSent() {
        return finSent;
    }

    boolean isFinAcknowledged() {
        return finAcknowledged;
    }

    /** Whether something was written, or FIN asked for, that the peer has not acknowledged. */
    boolean hasOutstanding() {
        return written.size() > 0 || (finQueued && !finAcknowledged);
    }

    /** Whether an acknowledgement number lies in the range that a peer can send. */
    boolean isPlausibleAck(int ackNr) {
        return isPlausibleAck(ackNr, recovery.nextSeqNr(), recovery.packetsOutstanding());
    }

    static boolean isPlausibleAck(int ackNr, int nextSeqNr, int packetsOutstanding) {
        int behind = SequenceNumbers.distance(ackNr, SequenceNumbers.plus(nextSeqNr, -1));
        return behind >= 0 && behind <= packetsOutstanding + ACK_SLACK_PACKETS;
    }

    void onPacket(long nowNanos, Packet packet, long echoedRttNanos) {
        boolean delayKnown = delays.sample(nowNanos, packet.timestampDifferenceMicros());
        AckOutcome outcome = recovery.onAcknowledgement(nowNanos, packet, echoedRttNanos);
        onWindow(nowNanos, packet);
        finAcknowledged |= outcome.isFinAcknowledged();
        // The FIN stands behind the last byte, so its own offset releases nothing more.
        written.releaseTo(recovery.cumulativeOffset());
        if (outcome.bytesLost() > 0) {
            controller.onLost(nowNanos, outcome.bytesLost());
        }
        if (outcome.bytesAcknowledged() > 0) {
            controller.onAcknowledgement(acknowledgement.set(
                    nowNanos,
                    outcome.bytesAcknowledged(),
                    outcome.bytesInFlightBefore(),
                    outcome.rttNanos(),
                    delayKnown ? delays.queueingDelayMicros() : -1,
                    windowLimited,
                    recovery.bytesInFlight(),
                    recovery.deliveredBytes(),
                    outcome.priorDeliveredBytes(),
                    outcome.deliveryBytesPerSecond(),
                    outcome.isAppLimited()));
        }
        if (outcome.isLossEpisode()) {
            controller.onLossEpisode(nowNanos);
        }
        if (outcome.isLossesUndone()) {
            controller.onSpuriousLosses(nowNanos);
        }
        adoptMtu();
    }

    private void adoptMtu() {
        if (maxPacketBytes != mtu.bytes()) {
            maxPacketBytes = mtu.bytes();
            controller.onMaxPacketBytes(maxPacketBytes);
        }
    }

    private void onWindow(long nowNanos, Packet packet) {
        if (isOlderThanLastWindow(nowNanos, packet)) {
            return;
        }
        windowNanos = nowNanos;
        windowAckNr = packet.ackNr();
        windowTimestampMicros = packet.timestampMicros();
        windowKnown = true;
        long wndSize = packet.wndSize();
        boolean wasShut = isPeerWindowShut();
        peerWindowBytes = wndSize;
        if (wasShut && !isPeerWindowShut()) {
            // A probe of the shut window may have been dropped there; waiting for a timeout would waste the opening.
            if (persistBackoff > 0) {
                recovery.sendAllAgain();
            }
            persistBackoff = 0;
        }
    }

    /** Whether it was overtaken by a later one, so that what it says of the window holds no more (RFC 9293, 3.10.7.4). */
    private boolean isOlderThanLastWindow(long nowNanos, Packet packet) {
        // Nothing is that long on its way, and timestamps wrap after 71 minutes.
        if (!windowKnown || nowNanos - windowNanos > MAX_OVERTAKEN_NANOS) {
            return false;
        }
        int ahead = SequenceNumbers.distance(windowAckNr, packet.ackNr());
        return ahead < 0 || (ahead == 0 && packet.timestampMicros() - windowTimestampMicros < 0);
    }

    /** The window in a SYN: 0 does not shut it. */
    void onSynWindow(long wndSize) {
        if (wndSize > 0) {
            peerWindowBytes = wndSize;
        }
    }

    /** The packet to transmit now, or null; {@link #onTransmitted} must follow for what is returned. */
    @Nullable
    SentPacket nextPacket(long nowNanos) {
        persistDeadlineIfShut(nowNanos);
        pacer.forgetDeadline();
        SentPacket packet = choosePacket(nowNanos);
        probe = false;
        return packet;
    }

    private @Nullable SentPacket choosePacket(long nowNanos) {
        SentPacket lost = recovery.firstLost();
        if (lost != null) {
            int wireBytes = Packet.HEADER_BYTES + lost.payloadBytes();
            return mayTransmit(nowNanos, wireBytes, isBeyondReach()) ? lost : null;
        }
        SentPacket fresh = nextNewPacket(nowNanos);
        return fresh == null && probe ? recovery.latestInFlight() : fresh;
    }

    private @Nullable SentPacket nextNewPacket(long nowNanos) {
        if (finSent
                || recovery.packetsOutstanding() >= (peerIsOurKind ? MAX_OUTSTANDING_OWN : MAX_OUTSTANDING_FOREIGN)) {
            return null;
        }
        int payload = (int) Math.min(unsentBytes(), maxPayloadBytes());
        if (payload == 0) {
            // A writer that was turned away has more, and is about to be asked for it.
            windowLimited &= writeBlocked;
            if (!finQueued) {
                if (recovery.packetsLost() == 0
                        && recovery.bytesInFlight() < controller.windowBytes()
                        && pacer.isDue(nowNanos)) {
                    recovery.onAppLimited();
                }
                return null;
            }
            if (dataBeforeFin && nextOffset == 0) {
                dataBeforeFin = false;
                return recovery.add(nextOffset, 0, false);
            }
            finSent = true;
            return recovery.add(nextOffset, 0, true);
        }
        int mtuProbeBytes = 0;
        if (persistProbe) {
            persistProbe = false;
            payload = 1;
        } else {
            // A packet that is not full waits for the rest that its writer is about to hand over.
            if (payload < maxPayloadBytes() && writeBlocked && recovery.packetsInFlight() > 0) {
                return null;
            }
            mtuProbeBytes = mtuProbeBytes(nowNanos);
            if (mtuProbeBytes > 0) {
                payload = PacketWriter.paddedPayloadBytes(payload, mtuProbeBytes);
            }
            int wireBytes = Math.max(Packet.HEADER_BYTES + payload, mtuProbeBytes);
            if (payload > windowRoomBytes() || !mayTransmit(nowNanos, batchBytes(wireBytes), false)) {
                return null;
            }
        }
        SentPacket packet = recovery.add(nextOffset, payload, false);
        nextOffset += payload;
        if (mtuProbeBytes > 0) {
            recovery.probeMtu(packet, mtuProbeBytes);
        }
        return packet;
    }

    /** A probe needs others behind it, which tell of its loss before any timeout does. */
    private int mtuProbeBytes(long nowNanos) {
        return unsentBytes() >= (long) PACKETS_BEHIND_PROBE * maxPayloadBytes() ? recovery.mtuProbeBytes(nowNanos) : 0;
    }

    /**
     * Whether more is outstanding than a selective acknowledgement speaks of. What came behind its reach counts as in flight
     * until the gap before it is closed: were the window to forbid that, nothing but timeouts would move the stream.
     */
    private boolean isBeyondReach() {
        int reach = peerIsOurKind ? PacketWriter.MAX_SELECTIVE_ACK_BYTES : Receiver.FOREIGN_SELECTIVE_ACK_BYTES;
        return recovery.packetsOutstanding() > reach * Byte.SIZE;
    }

    /**
     * The room in the congestion window that is waited for once it was full. Acknowledgements come for batches: were their
     * room given away at once, each small batch would come round again as one, and cost as much as a large one. A third
     * of the window is waited for at most, so that others are under way meanwhile.
     */
    private long batchBytes(int packetBytes) {
        return windowLimited
                ? Math.max(
                        packetBytes,
                        Math.min(
                                Pacer.batchBytes(controller.pacingBytesPerSecond()),
                                controller.windowBytes() / MIN_BATCHES_IN_WINDOW))
                : packetBytes;
    }

    /**
     * Whether the congestion window has so much room and the time has come; a first packet always has, and so has a
     * probe.
     */
    private boolean mayTransmit(long nowNanos, long roomBytes, boolean despiteWindow) {
        long inFlight = recovery.bytesInFlight();
        windowLimited = inFlight + roomBytes > controller.windowBytes();
        if (probe) {
            return true;
        }
        return (!windowLimited || despiteWindow || inFlight == 0)
                && pacer.mayTransmit(nowNanos, controller.pacingBytesPerSecond());
    }

    /** What the peer's window leaves; a packet that waits at the peer has been taken off the window by the peer itself. */
    private long windowRoomBytes() {
        long outstanding = nextOffset - recovery.cumulativeOffset() - recovery.selectivelyAcknowledgedBytes();
        return peerWindowBytes - outstanding;
    }

    /** A shut window must be tried now and then, or a lost update would stop the stream for ever. */
    private void persistDeadlineIfShut(long nowNanos) {
        int payload = (int) Math.min(unsentBytes(), maxPayloadBytes());
        boolean shut =
                payload > 0 && payload > windowRoomBytes() && recovery.packetsOutstanding() == 0 && !persistProbe;
        if (!shut) {
            persistDeadline = LossRecovery.NONE;
        } else if (persistDeadline == LossRecovery.NONE) {
            long wait = Math.max(MIN_PERSIST_NANOS, rtt.rtoNanos()) << Math.min(persistBackoff, 5);
            persistDeadline = nowNanos + Math.min(wait, MAX_PERSIST_NANOS);
        }
    }

    void copyPayload(SentPacket packet, ByteBuffer out) {
        written.copyTo(packet.streamOffset(), packet.payloadBytes(), out);
    }

    void onTransmitted(long nowNanos, SentPacket packet, int wireBytes) {
        if (recovery.packetsInFlight() == 0) {
            controller.onIdle(nowNanos);
        }
        pacer.onTransmitted(nowNanos, wireBytes, controller.pacingBytesPerSecond());
        recovery.onTransmitted(nowNanos, packet, wireBytes);
    }

    long deadline() {
        return Math.min(pacer.deadline(), Math.min(recovery.deadline(), persistDeadline));
    }

    void onDeadline(long nowNanos) {
        pacer.forgetDeadline();
        if (persistDeadline != LossRecovery.NONE && persistDeadline - nowNanos <= 0) {
            persistDeadline = LossRecovery.NONE;
            persistBackoff++;
            persistProbe = true;
        }
        switch (recovery.onDeadline(nowNanos)) {
            case NONE -> {}
            case LOSS -> {
                controller.onLost(nowNanos, recovery.outcome().bytesLost());
                if (recovery.outcome().isLossEpisode()) {
                    controller.onLossEpisode(nowNanos);
                }
            }
            case PROBE -> probe = true;
            case TIMEOUT -> controller.onTimeout(nowNanos);
        }
        adoptMtu();
    }

    /** Whether the peer's window is what holds us; then it only has to be alive, not to acknowledge. */
    boolean isPeerWindowShut() {
        return peerWindowBytes < maxPayloadBytes();
    }

    LossRecovery recovery() {
        return recovery;
    }

    CongestionController controller() {
        return controller;
    }

    long peerWindowBytes() {
        return peerWindowBytes;
    }

    long queueingDelayMicros() {
        return delays.queueingDelayMicros();
    }

    PathMtu mtu() {
        return mtu;
    }

    int maxPayloadBytes() {
        return mtu.bytes() - Packet.HEADER_BYTES;
    }

    ByteRing written() {
        return written;
    }

    long bytesSent() {
        return nextOffset;
    }

    /** Whether {@link #trim} would give something back. */
    boolean isTrimmable() {
        return written.isTrimmable() || recovery.isTrimmable();
    }

    /** Gives back the storage that holds nothing. */
    void trim() {
        written.trim();
        recovery.trim();
    }

    private long unsentBytes() {
        return written.end() - nextOffset;
    }
}
