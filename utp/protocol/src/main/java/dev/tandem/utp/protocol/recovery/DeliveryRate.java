package dev.tandem.utp.protocol.recovery;

/**
 * How fast the network delivers, told from each acknowledgement (draft-cheng-iccrg-delivery-rate-estimation). A sample is the
 * bytes delivered since the acknowledged packet was sent, over the time that took; neither a burst of sending nor one of
 * acknowledging can make it look faster than it was. The time is told by the peer's clock as well, for acknowledgements that
 * waited somewhere and came all at once were still written one after the other. All times in nanoseconds.
 */
public final class DeliveryRate {
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** So long an acknowledgement may wait on its way to us, and others not. */
    private static final long MAX_HELD_NANOS = SECOND_NANOS;

    /** Bytes acknowledged so far, in order or not, headers included. */
    private long deliveredBytes;

    private long deliveredNanos;

    /** When the peer wrote the acknowledgement at hand, and the last one that showed something, in µs of its clock. */
    private int peerMicros;

    private int deliveredPeerMicros;
    private boolean deliveredPeerKnown;

    /** When the first packet of the flight was sent to which the last acknowledged one belongs. */
    private long flightStartNanos;

    /** While not all bytes sent before this many were delivered, samples tell of the application, not of the network. */
    private long appLimitedUntilBytes;

    private boolean any;
    private boolean appLimited;
    private long priorDeliveredBytes;
    private long priorDeliveredNanos;
    private int priorDeliveredPeerMicros;
    private boolean priorDeliveredPeerKnown;
    private long sendElapsedNanos;

    /** A packet is about to be sent; nothing is in flight before it if {@code idle}. */
    void onTransmitted(long nowNanos, SentPacket packet, boolean idle) {
        if (idle) {
            flightStartNanos = nowNanos;
            deliveredNanos = nowNanos;
            deliveredPeerKnown = false;
        }
        packet.flightStartNanos = flightStartNanos;
        packet.deliveredBytes = deliveredBytes;
        packet.deliveredNanos = deliveredNanos;
        packet.deliveredPeerMicros = deliveredPeerMicros;
        packet.deliveredPeerKnown = deliveredPeerKnown;
        packet.appLimited = appLimitedUntilBytes > 0;
    }

    /** The sender has nothing more to send and would be allowed to: what is in flight now is less than could be. */
    void onAppLimited(long bytesInFlight) {
        appLimitedUntilBytes = Math.max(1, deliveredBytes + bytesInFlight);
    }

    /**
     * An acknowledgement begins; its packets follow.
     *
     * @param timestampMicros when the peer wrote it, by its clock
     */
    void begin(int timestampMicros) {
        peerMicros = timestampMicros;
        any = false;
    }

    /** A packet was acknowledged for the first time. */
    void onArrived(long nowNanos, SentPacket packet) {
        deliveredBytes += packet.wireBytes;
        deliveredNanos = nowNanos;
        if (!deliveredPeerKnown || peerMicros - deliveredPeerMicros > 0) {
            deliveredPeerMicros = peerMicros;
            deliveredPeerKnown = true;
        }
        // Of several the one sent last tells of the shortest time, and so most of now.
        if (!any || packet.deliveredBytes > priorDeliveredBytes) {
            any = true;
            priorDeliveredBytes = packet.deliveredBytes;
            priorDeliveredNanos = packet.deliveredNanos;
            priorDeliveredPeerMicros = packet.deliveredPeerMicros;
            priorDeliveredPeerKnown = packet.deliveredPeerKnown;
            appLimited = packet.appLimited;
            sendElapsedNanos = packet.sentNanos - packet.flightStartNanos;
            flightStartNanos = packet.sentNanos;
        }
        if (appLimitedUntilBytes > 0 && deliveredBytes > appLimitedUntilBytes) {
            appLimitedUntilBytes = 0;
        }
    }

    /**
     * The rate that the acknowledgement shows.
     *
     * @param minRttNanos the smallest round-trip time known; what is shorter is an accident of timing
     * @return bytes a second, or 0 if there is no sample
     */
    long sampleBytesPerSecond(long minRttNanos) {
        if (!any) {
            return 0;
        }
        long elapsed = Math.max(sendElapsedNanos, Math.max(deliveredNanos - priorDeliveredNanos, peerElapsedNanos()));
        if (elapsed < minRttNanos || elapsed <= 0) {
            return 0;
        }
        return (long) ((double) (deliveredBytes - priorDeliveredBytes) / elapsed * SECOND_NANOS);
    }

    /** The time between the two acknowledgements by the peer's clock; 0 if it says nothing credible. */
    private long peerElapsedNanos() {
        if (!priorDeliveredPeerKnown) {
            return 0;
        }
        long elapsed = (deliveredPeerMicros - priorDeliveredPeerMicros) * 1_000L;
        // A clock that was set shows a time that cannot have passed.
        return elapsed <= deliveredNanos - priorDeliveredNanos + MAX_HELD_NANOS ? elapsed : 0;
    }

    /** Whether the sample was taken while there was less to send than could have been sent. */
    boolean isAppLimited() {
        return appLimited;
    }

    /** What had been delivered when the acknowledged packet was sent: a round is over when that reaches its beginning. */
    long priorDeliveredBytes() {
        return any ? priorDeliveredBytes : 0;
    }

    /** Bytes acknowledged so far, in order or not, headers included. */
    public long deliveredBytes() {
        return deliveredBytes;
    }
}
