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

    /** What one received packet acknowledged. Its sender fills the same one again, so it is valid during the call only. */
    final class Acknowledgement {
        private long nowNanos;
        private int bytes;
        private long bytesInFlightBefore;
        private long rttNanos;
        private long queueingDelayMicros;
        private boolean windowLimited;
        private long bytesInFlight;
        private long deliveredBytes;
        private long priorDeliveredBytes;
        private long deliveryBytesPerSecond;
        private boolean appLimited;

        /** Sets all of it; see the accessors. */
        public Acknowledgement set(
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
                boolean appLimited) {
            this.nowNanos = nowNanos;
            this.bytes = bytes;
            this.bytesInFlightBefore = bytesInFlightBefore;
            this.rttNanos = rttNanos;
            this.queueingDelayMicros = queueingDelayMicros;
            this.windowLimited = windowLimited;
            this.bytesInFlight = bytesInFlight;
            this.deliveredBytes = deliveredBytes;
            this.priorDeliveredBytes = priorDeliveredBytes;
            this.deliveryBytesPerSecond = deliveryBytesPerSecond;
            this.appLimited = appLimited;
            return this;
        }

        /** When it came. */
        public long nowNanos() {
            return nowNanos;
        }

        /** Bytes acknowledged for the first time, more than 0. */
        public int bytes() {
            return bytes;
        }

        /** Bytes that were in flight just before. */
        public long bytesInFlightBefore() {
            return bytesInFlightBefore;
        }

        /** A round-trip time, 0 if this one gave no sample. */
        public long rttNanos() {
            return rttNanos;
        }

        /** Delay above the base delay on the way to the peer, -1 if the peer gave no sample. */
        public long queueingDelayMicros() {
            return queueingDelayMicros;
        }

        /** Whether more would have been sent had the window been larger. */
        public boolean windowLimited() {
            return windowLimited;
        }

        /** Bytes that are in flight now. */
        public long bytesInFlight() {
            return bytesInFlight;
        }

        /** Bytes acknowledged since the beginning. */
        public long deliveredBytes() {
            return deliveredBytes;
        }

        /** What that was when the newest packet acknowledged now was sent. */
        public long priorDeliveredBytes() {
            return priorDeliveredBytes;
        }

        /** The rate of delivery that it shows, 0 if this one gave no sample. */
        public long deliveryBytesPerSecond() {
            return deliveryBytesPerSecond;
        }

        /** Whether that rate was bounded by what there was to send. */
        public boolean appLimited() {
            return appLimited;
        }
    }

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
