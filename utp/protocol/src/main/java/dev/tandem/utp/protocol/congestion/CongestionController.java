package dev.tandem.utp.protocol.congestion;

/**
 * Decides how many bytes one connection may have in flight. It learns everything through these calls, in the order in
 * which things happen, and has no clock. Bytes include packet headers; times are nanoseconds.
 */
public interface CongestionController {

    /** Makes the controller of a connection. */
    @FunctionalInterface
    interface Factory {
        /**
         * Makes one.
         *
         * @param maxPacketBytes the largest packet that the connection sends, header included
         */
        CongestionController create(int maxPacketBytes);
    }

    /**
     * What one received packet acknowledged.
     *
     * @param nowNanos when it came
     * @param bytes bytes acknowledged for the first time, more than 0
     * @param bytesInFlightBefore bytes that were in flight just before
     * @param rttNanos a round-trip time, 0 if this one gave no sample
     * @param queueingDelayMicros delay above the base delay on the way to the peer, -1 if the peer gave no sample
     * @param windowLimited whether more would have been sent had the window been larger
     * @param bytesInFlight bytes that are in flight now
     * @param deliveredBytes bytes acknowledged since the beginning
     * @param priorDeliveredBytes what that was when the newest packet acknowledged now was sent
     * @param deliveryBytesPerSecond the rate of delivery that it shows, 0 if this one gave no sample
     * @param appLimited whether that rate was bounded by what there was to send
     */
    record Acknowledgement(
            long nowNanos,
            int bytes,
            long bytesInFlightBefore,
            long rttNanos,
            long queueingDelayMicros,
            boolean windowLimited,
            long bytesInFlight,
            long deliveredBytes,
            long priorDeliveredBytes,
            long deliveryBytesPerSecond,
            boolean appLimited) {}

    /** Bytes were acknowledged. */
    void onAcknowledgement(Acknowledgement acknowledgement);

    /** Packets were lost; called once for all losses of one window. */
    void onLossEpisode(long nowNanos);

    /** Nothing was acknowledged for a retransmission timeout. */
    void onTimeout(long nowNanos);

    /** Packets of so many bytes were taken for lost; called before the acknowledgement is that showed it. */
    default void onLost(long nowNanos, long bytes) {}

    /** All losses of the last episode turned out to have been none: what was done because of them is undone. */
    default void onSpuriousLosses(long nowNanos) {}

    /** The largest packet that the connection sends has another size from now on. */
    default void onMaxPacketBytes(int bytes) {}

    /** Sending begins again after nothing was in flight. */
    default void onIdle(long nowNanos) {}

    /** How fast to send at most, in bytes a second; 0: as fast as the window lets. */
    default long pacingBytesPerSecond() {
        return 0;
    }

    /** The congestion window: most bytes that may be in flight. */
    long windowBytes();
}
