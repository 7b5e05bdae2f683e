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
     */
    record Acknowledgement(
            long nowNanos,
            int bytes,
            long bytesInFlightBefore,
            long rttNanos,
            long queueingDelayMicros,
            boolean windowLimited) {}

    /** Bytes were acknowledged. */
    void onAcknowledgement(Acknowledgement acknowledgement);

    /** Packets were lost; called once for all losses of one window. */
    void onLossEpisode(long nowNanos);

    /** Nothing was acknowledged for a retransmission timeout. */
    void onTimeout(long nowNanos);

    /** The congestion window: most bytes that may be in flight. */
    long windowBytes();
}
