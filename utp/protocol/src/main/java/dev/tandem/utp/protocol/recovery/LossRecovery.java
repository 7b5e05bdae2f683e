package dev.tandem.utp.protocol.recovery;

import dev.tandem.utp.protocol.trace.ConnectionTrace;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import org.jspecify.annotations.Nullable;

/**
 * Knows what was sent, what of it arrived, and what is to be sent again.
 *
 * <p>A packet is taken for lost when one sent after it has arrived and enough time has passed for mere reordering (RACK,
 * RFC 8985, 6.2), which finds lost retransmissions as well. If nothing arrives, one packet is sent as a probe after
 * about two round trips (7.3), and after the retransmission timeout all in flight are taken for lost (RFC 6298, 5).
 */
public final class LossRecovery {
    /** No deadline. */
    public static final long NONE = Long.MAX_VALUE;

    /** As many packets behind a hole tell a loss from reordering, as long as none was seen (RFC 8985, 6.2.1). */
    private static final int DUPLICATE_THRESHOLD = 3;

    private static final long MIN_PROBE_NANOS = 10_000_000L;

    /** Room for a peer that delays its acknowledgement of a last packet. */
    private static final long PEER_ACK_DELAY_NANOS = 25_000_000L;

    /** For so many loss episodes a wider reordering window is kept (RFC 8985, section 6.2, step 4). */
    private static final int REORDERING_PERSISTENCE = 16;

    private static final int MAX_BACKOFF = 6;

    /** Timestamps are whole microseconds, cut off twice. */
    private static final long TIMESTAMP_GRAIN_NANOS = 2_000;

    /** What the timer brought. */
    public enum Expiry {
        /** Nothing: the call was early. */
        NONE,
        /** Time passed that a reordered packet might have needed, and some are lost. */
        LOSS,
        /** One packet should be sent as a probe, whatever the windows say. */
        PROBE,
        /** Nothing was acknowledged for a retransmission timeout. */
        TIMEOUT
    }

    private final SentPackets packets;
    private final RttEstimator rtt;
    private final PathMtu mtu;
    private final AckOutcome outcome = new AckOutcome();
    private final DeliveryRate rate = new DeliveryRate();
    private @Nullable ConnectionTrace trace;

    /** The latest transmission among packets that arrived, and the round trip it took (RFC 8985, 5.2). */
    private boolean rackKnown;

    private long rackSentNanos;
    private int rackSeqNr;
    private long rackRttNanos;

    /** Highest sequence number known to have arrived; beyond it nothing is known, so nothing is lost. */
    private int highestAcknowledged;

    private boolean reorderingSeen;
    private long reorderDeadline = NONE;

    /** Quarters of the least round trip that a packet may be late by; grows with every episode that was in error. */
    private int reorderingQuarters = 1;

    private int widenedInEpisode;
    private int selectivePackets;
    private long selectiveBytes;

    private boolean inEpisode;
    private int episodeEnd;

    /** Counts them, from 1. */
    private int episode;

    /** Packets taken for lost in the last episode that have not turned out to have arrived. */
    private int episodeLosses;

    private boolean everProgressed;
    private long progressNanos;
    private int backoff;
    private boolean probed;
    private long probedNanos;

    private long cumulativeOffset;
    private long latestSampleSentNanos;
    private boolean sampleFound;

    /** When we sent what the packet at hand answers, by the clock that it echoes; or NONE. */
    private long echoedSentNanos;

    private long totalLosses;
    private long totalRetransmissions;
    private long totalTimeouts;
    private long totalSpurious;

    /** @param nextSeqNr the sequence number of the first packet to be sent */
    public LossRecovery(int nextSeqNr, RttEstimator rtt, PathMtu mtu) {
        this.packets = new SentPackets(nextSeqNr);
        this.rtt = rtt;
        this.mtu = mtu;
        this.highestAcknowledged = SequenceNumbers.plus(nextSeqNr, -1);
    }

    /** Tells of losses from now on. */
    public void trace(@Nullable ConnectionTrace value) {
        trace = value;
    }

    /** A new packet with the next sequence number; {@link #onTransmitted} must follow. */
    public SentPacket add(long streamOffset, int payloadBytes, boolean fin) {
        return packets.add(streamOffset, payloadBytes, fin);
    }

    /**
     * The size to which the next packet should be padded to find out whether the path takes it, or 0 for none. Never while
     * losses are being repaired, which it would only add to.
     */
    public int mtuProbeBytes(long nowNanos) {
        return rtt.isSampled() && !inEpisode && packets.packetsLost() == 0 ? mtu.probeBytes(nowNanos) : 0;
    }

    /** A packet that was added and not yet sent is to be padded to that size. */
    public void probeMtu(SentPacket packet, int bytes) {
        packet.probeBytes = bytes;
        mtu.onProbeSent();
    }

    /** The packet was handed to the network. */
    public void onTransmitted(long nowNanos, SentPacket packet, int wireBytes) {
        if (packet.transmissions > 0) {
            totalRetransmissions++;
            // An acknowledgement would not say of which transmission.
            endMtuProbe(nowNanos, packet);
        }
        packet.fragmentable = packet.probeBytes == 0 && mtu.mayFragment(wireBytes);
        boolean idle = packets.packetsInFlight() == 0;
        packets.transmitted(nowNanos, packet, wireBytes);
        rate.onTransmitted(nowNanos, packet, idle);
    }

    /** There is nothing more to send, although there might be. */
    public void onAppLimited() {
        rate.onAppLimited(packets.bytesInFlight());
    }

    /** Bytes acknowledged so far, in order or not, headers included. */
    public long deliveredBytes() {
        return rate.deliveredBytes();
    }

    /**
     * Takes the acknowledgement of a received packet; its number must have been checked to be plausible.
     *
     * @param echoedRttNanos a round-trip time from the packet's timestamps, which holds for retransmissions as well; or
     *     -1 if there is none
     */
    public AckOutcome onAcknowledgement(long nowNanos, Packet packet, long echoedRttNanos) {
        outcome.clear(packets.bytesInFlight());
        sampleFound = false;
        rate.begin(packet.timestampMicros());
        echoedSentNanos = echoedRttNanos < 0 ? NONE : nowNanos - echoedRttNanos;
        int ackNr = packet.ackNr();
        while (packets.count() > 0) {
            SentPacket first = packets.get(packets.first());
            boolean inOrder = SequenceNumbers.distance(packets.first(), ackNr) >= 0;
            // Acknowledged selectively before, and not in order now: only forged packets contradict each other so.
            if (!inOrder && first.state != SentPacket.State.ACKNOWLEDGED) {
                break;
            }
            if (first.state == SentPacket.State.ACKNOWLEDGED) {
                selectivePackets--;
                selectiveBytes -= first.payloadBytes;
            } else {
                onArrived(nowNanos, first);
            }
            cumulativeOffset = first.streamOffset + first.payloadBytes;
            outcome.finAcknowledged |= first.fin;
            packets.removeFirst();
        }
        // A packet that was overtaken by a later one knows nothing that the later one did not say.
        if (SequenceNumbers.plus(ackNr, 1) == packets.first()) {
            onSelectiveAck(nowNanos, packet);
        }
        if (outcome.packetsAcknowledged > 0) {
            everProgressed = true;
            progressNanos = nowNanos;
            backoff = 0;
            probed = false;
            takeRttSample(nowNanos, echoedRttNanos);
            outcome.deliveryBytesPerSecond = rate.sampleBytesPerSecond(rtt.minNanos());
            outcome.appLimited = rate.isAppLimited();
            outcome.priorDeliveredBytes = rate.priorDeliveredBytes();
        }
        if (inEpisode && !SequenceNumbers.isBefore(packets.first(), episodeEnd)) {
            inEpisode = false;
        }
        detectLosses(nowNanos);
        return outcome;
    }

    private void onSelectiveAck(long nowNanos, Packet packet) {
        int base = SequenceNumbers.plus(packet.ackNr(), 2);
        for (int index = 0; index * 8 < packet.selectiveAckBits(); index++) {
            int bits = packet.selectiveAckByte(index);
            while (bits != 0) {
                int bit = Integer.numberOfTrailingZeros(bits);
                bits &= bits - 1;
                int seqNr = SequenceNumbers.plus(base, index * 8 + bit);
                if (packets.contains(seqNr)) {
                    SentPacket sent = packets.get(seqNr);
                    if (sent.state != SentPacket.State.ACKNOWLEDGED) {
                        onArrived(nowNanos, sent);
                        selectivePackets++;
                        selectiveBytes += sent.payloadBytes;
                    }
                }
            }
        }
    }

    private void onArrived(long nowNanos, SentPacket packet) {
        outcome.packetsAcknowledged++;
        outcome.bytesAcknowledged += packet.wireBytes;
        rate.onArrived(nowNanos, packet);
        long tookNanos = nowNanos - packet.sentNanos;
        boolean ambiguous = packet.transmissions > 1;
        if (packet.state == SentPacket.State.LOST || (ambiguous && isEchoOfEarlierTransmission(packet))) {
            totalSpurious++;
            onReordering();
            if (packet.lossEpisode == episode && --episodeLosses == 0) {
                outcome.lossesUndone = true;
            }
        }
        if (!ambiguous && (!sampleFound || packet.sentNanos - latestSampleSentNanos > 0)) {
            sampleFound = true;
            latestSampleSentNanos = packet.sentNanos;
        }
        // An acknowledgement sooner than any round trip answers an earlier transmission (RFC 8985, 6.2 step 2).
        if (!ambiguous || tookNanos >= rtt.minNanos()) {
            if (!rackKnown || sentBefore(rackSentNanos, rackSeqNr, packet)) {
                rackKnown = true;
                rackSentNanos = packet.sentNanos;
                rackSeqNr = packet.seqNr;
                rackRttNanos = tookNanos;
            }
        }
        if (SequenceNumbers.isBefore(packet.seqNr, highestAcknowledged)) {
            reorderingSeen |= !ambiguous;
        } else {
            highestAcknowledged = packet.seqNr;
        }
        onSizeArrived(packet);
        packets.acknowledged(packet);
    }

    /** A packet was taken for lost, and was only late. */
    private void onReordering() {
        reorderingSeen = true;
        if (widenedInEpisode != episode) {
            widenedInEpisode = episode;
            reorderingQuarters++;
        }
    }

    private void onSizeArrived(SentPacket packet) {
        if (packet.probeBytes > 0) {
            packet.probeBytes = 0;
            mtu.onProbeArrived();
        } else if (packet.wireBytes > PathMtu.BASE_BYTES && !packet.fragmentable) {
            mtu.onLargeArrived(packet.sentNanos);
        }
    }

    /** Whether the packet, which is lost or sent again, was a probe until now. */
    private boolean endMtuProbe(long nowNanos, SentPacket packet) {
        if (packet.probeBytes == 0) {
            return false;
        }
        packet.probeBytes = 0;
        mtu.onProbeLost(nowNanos);
        return true;
    }

    /**
     * Whether the peer had the packet before its last transmission can have come: its acknowledgement answers something
     * that was sent before that (as RFC 3522 does it with TCP's timestamps).
     */
    private boolean isEchoOfEarlierTransmission(SentPacket packet) {
        return echoedSentNanos != NONE && packet.sentNanos - echoedSentNanos > TIMESTAMP_GRAIN_NANOS;
    }

    private void takeRttSample(long nowNanos, long echoedRttNanos) {
        long measured = sampleFound ? nowNanos - latestSampleSentNanos : -1;
        long sample = measured;
        // The echo leaves out how long the peer delayed its acknowledgement, so it can only be the smaller one.
        if (echoedRttNanos >= 0 && (measured < 0 || echoedRttNanos < measured)) {
            sample = echoedRttNanos;
        }
        if (sample >= 0) {
            rtt.sample(sample);
            outcome.rttNanos = Math.max(1, sample);
        }
    }

    /** Whether a transmission came before that of {@code packet}; equal times are ordered by number. */
    private static boolean sentBefore(long sentNanos, int seqNr, SentPacket packet) {
        long difference = packet.sentNanos - sentNanos;
        return difference > 0 || (difference == 0 && SequenceNumbers.isBefore(seqNr, packet.seqNr));
    }

    private void detectLosses(long nowNanos) {
        reorderDeadline = NONE;
        if (!rackKnown) {
            return;
        }
        long waitNanos = rackRttNanos + reorderingWindowNanos();
        SentPacket packet = packets.earliestInFlight();
        while (packet != null && !sentBefore(rackSentNanos, rackSeqNr, packet)) {
            SentPacket later = packet.later;
            if (SequenceNumbers.isBefore(packet.seqNr, highestAcknowledged)) {
                long lostAt = packet.sentNanos + waitNanos;
                if (lostAt - nowNanos <= 0) {
                    onLost(nowNanos, packet, false);
                } else {
                    reorderDeadline = Math.min(reorderDeadline, lostAt);
                }
            }
            packet = later;
        }
    }

    private long reorderingWindowNanos() {
        if (!reorderingSeen && (inEpisode || selectivePackets >= DUPLICATE_THRESHOLD)) {
            return 0;
        }
        return Math.min(rtt.minNanos() / 4 * reorderingQuarters, rtt.smoothedNanos());
    }

    private void onLost(long nowNanos, SentPacket packet, boolean timeout) {
        packets.lost(packet);
        if (trace != null) {
            trace.packetLost(nowNanos, packet.seqNr, timeout);
        }
        totalLosses++;
        if (endMtuProbe(nowNanos, packet)) {
            // What is too large for the path is lost for its size, not because others were in the way (RFC 8899,
            // section 3).
            return;
        }
        if (packet.wireBytes > PathMtu.BASE_BYTES && !packet.fragmentable) {
            outcome.largeLost = true;
            mtu.onLargeLost(nowNanos, packet.firstSentNanos, packet.transmissions);
        }
        outcome.packetsLost++;
        outcome.bytesLost += packet.wireBytes;
        if (!inEpisode) {
            inEpisode = true;
            episodeEnd = packets.nextSeqNr();
            outcome.lossEpisode = true;
            episodeLosses = 0;
            episode++;
            if (episode - widenedInEpisode > REORDERING_PERSISTENCE) {
                reorderingQuarters = 1;
            }
        }
        packet.lossEpisode = episode;
        episodeLosses++;
    }

    /** When {@link #onDeadline} is to be called, or {@link #NONE}. */
    public long deadline() {
        SentPacket earliest = packets.earliestInFlight();
        SentPacket latest = packets.latestInFlight();
        if (earliest == null || latest == null) {
            return NONE;
        }
        long deadline = timeoutDeadline(earliest);
        return Math.min(reorderDeadline, canProbe() ? Math.min(deadline, probeDeadline(latest)) : deadline);
    }

    /** The time that {@link #deadline()} spoke of may have come; {@link #outcome()} has the losses found. */
    public Expiry onDeadline(long nowNanos) {
        outcome.clear(packets.bytesInFlight());
        SentPacket earliest = packets.earliestInFlight();
        SentPacket latest = packets.latestInFlight();
        if (earliest == null || latest == null) {
            return Expiry.NONE;
        }
        if (reorderDeadline != NONE && reorderDeadline - nowNanos <= 0) {
            detectLosses(nowNanos);
            return Expiry.LOSS;
        }
        long timeout = timeoutDeadline(earliest);
        // Where the timeout would be first, the probe takes its place (RFC 8985, 7.2).
        if (canProbe() && Math.min(timeout, probeDeadline(latest)) - nowNanos <= 0) {
            probed = true;
            probedNanos = nowNanos;
            return Expiry.PROBE;
        }
        if (timeout - nowNanos <= 0) {
            for (SentPacket packet; (packet = packets.earliestInFlight()) != null; ) {
                onLost(nowNanos, packet, true);
            }
            if (outcome.largeLost) {
                mtu.onBlackHole(nowNanos);
            }
            totalTimeouts++;
            backoff = Math.min(MAX_BACKOFF, backoff + 1);
            reorderDeadline = NONE;
            return Expiry.TIMEOUT;
        }
        return Expiry.NONE;
    }

    private boolean canProbe() {
        return !probed && backoff == 0 && rtt.isSampled();
    }

    private long timeoutDeadline(SentPacket earliest) {
        long rto = Math.min(rtt.rtoNanos() << backoff, RttEstimator.MAX_RTO_NANOS);
        // The probe gets a whole timeout to be answered in (RFC 8985, 7.3), or it would hardly ever save one.
        long since = laterOf(earliest.sentNanos);
        return (probed && probedNanos - since > 0 ? probedNanos : since) + rto;
    }

    private long probeDeadline(SentPacket latest) {
        return laterOf(latest.sentNanos) + Math.max(MIN_PROBE_NANOS, 2 * rtt.smoothedNanos() + PEER_ACK_DELAY_NANOS);
    }

    private long laterOf(long sentNanos) {
        return everProgressed && progressNanos - sentNanos > 0 ? progressNanos : sentNanos;
    }

    /** Takes all in flight for lost at once, without calling it congestion: the peer said that it had no room. */
    public void sendAllAgain() {
        while (packets.earliestInFlight() != null) {
            packets.lost(packets.earliestInFlight());
        }
        reorderDeadline = NONE;
    }

    /** For checks of its state. */
    SentPackets packets() {
        return packets;
    }

    /** Whether {@link #trim} would give something back. */
    public boolean isTrimmable() {
        return packets.isTrimmable();
    }

    /** Gives back the storage that holds nothing. */
    public void trim() {
        packets.trim();
    }

    /** What the last call of {@link #onAcknowledgement} or {@link #onDeadline} changed. */
    public AckOutcome outcome() {
        return outcome;
    }

    /** The lost packet to send again first, or null. */
    public @Nullable SentPacket firstLost() {
        return packets.firstLost();
    }

    /** The packet sent last that is still in flight, or null. */
    public @Nullable SentPacket latestInFlight() {
        return packets.latestInFlight();
    }

    /** Since when the peer has acknowledged nothing although something is outstanding, or {@link #NONE}. */
    public long waitingSinceNanos() {
        return packets.count() == 0 ? NONE : laterOf(packets.get(packets.first()).firstSentNanos);
    }

    /** The first sequence number not acknowledged in order. */
    public int firstUnacknowledged() {
        return packets.first();
    }

    /** The sequence number of the next new packet. */
    public int nextSeqNr() {
        return packets.nextSeqNr();
    }

    /** Packets sent and not acknowledged in order. */
    public int packetsOutstanding() {
        return packets.count();
    }

    /** Bytes sent, neither acknowledged nor taken for lost, headers included. */
    public long bytesInFlight() {
        return packets.bytesInFlight();
    }

    /** Packets sent, neither acknowledged nor taken for lost. */
    public int packetsInFlight() {
        return packets.packetsInFlight();
    }

    /** Packets that wait to be sent again. */
    public int packetsLost() {
        return packets.packetsLost();
    }

    /** Stream offset up to which the peer has acknowledged everything. */
    public long cumulativeOffset() {
        return cumulativeOffset;
    }

    /** Payload bytes that the peer has acknowledged out of order. */
    public long selectivelyAcknowledgedBytes() {
        return selectiveBytes;
    }

    /** Packets taken for lost so far. */
    public long totalLosses() {
        return totalLosses;
    }

    /** Packets sent again so far. */
    public long totalRetransmissions() {
        return totalRetransmissions;
    }

    /** Packets so far that were taken for lost or sent again although they had arrived, as their acknowledgement shows. */
    public long totalSpurious() {
        return totalSpurious;
    }

    /** Retransmission timeouts so far. */
    public long totalTimeouts() {
        return totalTimeouts;
    }
}
