package dev.tandem.utp.protocol.recovery;

/** What one acknowledgement, or one expiry of the timer, changed. One instance is reused by its {@link LossRecovery}. */
public final class AckOutcome {
    int packetsAcknowledged;
    int bytesAcknowledged;
    long bytesInFlightBefore;
    int packetsLost;
    boolean lossEpisode;
    long rttNanos;
    boolean finAcknowledged;

    void clear(long bytesInFlight) {
        packetsAcknowledged = 0;
        bytesAcknowledged = 0;
        bytesInFlightBefore = bytesInFlight;
        packetsLost = 0;
        lossEpisode = false;
        rttNanos = 0;
        finAcknowledged = false;
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

    /** A round-trip time, or 0 if there was no valid sample. */
    public long rttNanos() {
        return rttNanos;
    }

    /** Whether the FIN was acknowledged by it. */
    public boolean isFinAcknowledged() {
        return finAcknowledged;
    }
}
