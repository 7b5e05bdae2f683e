package dev.tandem.utp.protocol.recovery;

/**
 * How fast the network delivers, told from each acknowledgement (draft-cheng-iccrg-delivery-rate-estimation). A sample is the
 * bytes delivered since the acknowledged packet was sent, over the time that took; neither a burst of sending nor one of
 * acknowledging can make it look faster than it was. All times in nanoseconds.
 */
public final class DeliveryRate {
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** Bytes acknowledged so far, in order or not, headers included. */
    private long deliveredBytes;

    private long deliveredNanos;

    /** When the first packet of the flight was sent to which the last acknowledged one belongs. */
    private long flightStartNanos;

    /** While not all bytes sent before this many were delivered, samples tell of the application, not of the network. */
    private long appLimitedUntilBytes;

    private boolean any;
    private boolean appLimited;
    private long priorDeliveredBytes;
    private long priorDeliveredNanos;
    private long sendElapsedNanos;

    /** A packet is about to be sent; nothing is in flight before it if {@code idle}. */
    void onTransmitted(long nowNanos, SentPacket packet, boolean idle) {
        if (idle) {
            flightStartNanos = nowNanos;
            deliveredNanos = nowNanos;
        }
        packet.flightStartNanos = flightStartNanos;
        packet.deliveredBytes = deliveredBytes;
        packet.deliveredNanos = deliveredNanos;
        packet.appLimited = appLimitedUntilBytes > 0;
    }

    /** The sender has nothing more to send and would be allowed to: what is in flight now is less than could be. */
    void onAppLimited(long bytesInFlight) {
        appLimitedUntilBytes = Math.max(1, deliveredBytes + bytesInFlight);
    }

    /** An acknowledgement begins; its packets follow. */
    void begin() {
        any = false;
    }

    /** A packet was acknowledged for the first time. */
    void onArrived(long nowNanos, SentPacket packet) {
        deliveredBytes += packet.wireBytes;
        deliveredNanos = nowNanos;
        // Of several the one sent last tells of the shortest time, and so most of now.
        if (!any || packet.deliveredBytes > priorDeliveredBytes) {
            any = true;
            priorDeliveredBytes = packet.deliveredBytes;
            priorDeliveredNanos = packet.deliveredNanos;
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
        long elapsed = Math.max(sendElapsedNanos, deliveredNanos - priorDeliveredNanos);
        if (elapsed < minRttNanos || elapsed <= 0) {
            return 0;
        }
        return (long) ((double) (deliveredBytes - priorDeliveredBytes) / elapsed * SECOND_NANOS);
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
