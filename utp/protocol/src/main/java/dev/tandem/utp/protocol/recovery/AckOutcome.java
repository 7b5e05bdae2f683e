package dev.tandem.utp.protocol.recovery;

/** What one acknowledgement, or one expiry of the timer, changed. One instance is reused by its {@link LossRecovery}. */
public final class AckOutcome {
    int packetsAcknowledged;
    int bytesAcknowledged;
    long bytesInFlightBefore;
    int packetsLost;

    /** Whether one of them was larger than every path takes. */
    boolean largeLost;

    boolean lossEpisode;
    boolean lossesUndone;
    long rttNanos;
    boolean finAcknowledged;
    long bytesLost;
    long deliveryBytesPerSecond;
    boolean appLimited;
    long priorDeliveredBytes;

    void clear(long bytesInFlight) {
        packetsAcknowledged = 0;
        bytesAcknowledged = 0;
        bytesInFlightBefore = bytesInFlight;
        packetsLost = 0;
        largeLost = false;
        lossEpisode = false;
        lossesUndone = false;
        rttNanos = 0;
        finAcknowledged = false;
        bytesLost = 0;
        deliveryBytesPerSecond = 0;
        appLimited = false;
        priorDeliveredBytes = 0;
    }

    /** Bytes of packets newly taken for lost, headers included. */
    public long bytesLost() {
        return bytesLost;
    }

    /** The rate of delivery that it shows in bytes a second, or 0 if there was no sample. */
    public long deliveryBytesPerSecond() {
        return deliveryBytesPerSecond;
    }

    /** Whether that rate was bounded by what there was to send. */
    public boolean isAppLimited() {
        return appLimited;
    }

    /** Bytes that had been delivered when the newest of its packets was sent. */
    public long priorDeliveredBytes() {
        return priorDeliveredBytes;
    }

    /** Packets acknowledged for the first time, in order or selectively. */
    public int packetsAcknowledged() {
        return packetsAcknowledged;
    }

    /** Their bytes, headers included. */
    public int bytesAcknowledged() {
        return bytesAcknowledged;
    }

    /** Bytes in flight before it. */
    public long bytesInFlightBefore() {
        return bytesInFlightBefore;
    }

    /** Packets newly taken for lost. */
    public int packetsLost() {
        return packetsLost;
    }

    /** Whether the losses begin an episode: several in one window are one sign of congestion, not several. */
    public boolean isLossEpisode() {
        return lossEpisode;
    }

    /**
     * Whether everything that was taken for lost in the last episode has turned out to have arrived, so that there was no
     * congestion (RFC 4015; the peer's echo of our timestamps tells, as in RFC 3522).
     */
    public boolean isLossesUndone() {
        return lossesUndone;
    }

    /** A round-trip time, or 0 if there was no valid sample. */
    public long rttNanos() {
        return rttNanos;
    }

    /** Whether the FIN was acknowledged by it. */
    public boolean isFinAcknowledged() {
        return finAcknowledged;
    }
}
