package dev.tandem.utp.protocol.congestion;

/**
 * Low Extra Delay Background Transport (RFC 6817, which BEP 29's "congestion control" became): holds the queueing delay
 * that it causes near a target, and so yields to everything that does not.
 *
 * <p>It begins with slow start, which ends at a loss or at half the target delay.
 */
public final class Ledbat implements CongestionController {
    /** The queueing delay aimed at (RFC 6817, 3.3: at most 100 ms). */
    static final long TARGET_MICROS = 100_000;

    /** RFC 6928. */
    private static final int INITIAL_PACKETS = 10;

    private static final int MIN_PACKETS = 2;

    private int maxPacketBytes;
    private double windowBytes;

    /** Below it the window doubles in each round trip (RFC 5681, 3.1). */
    private double slowStartThresholdBytes = Double.MAX_VALUE;

    /** Both as they were before the last losses, should there have been none. */
    private double undoWindowBytes;

    private double undoThresholdBytes;

    /** @param maxPacketBytes the largest packet that the connection sends */
    public Ledbat(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
        this.windowBytes = (double) INITIAL_PACKETS * maxPacketBytes;
    }

    @Override
    public void onAcknowledgement(Acknowledgement acknowledgement) {
        long delayMicros = Math.max(0, acknowledgement.queueingDelayMicros());
        double offTarget = (double) (TARGET_MICROS - delayMicros) / TARGET_MICROS;
        boolean slowStart = windowBytes < slowStartThresholdBytes;
        if (slowStart && delayMicros > TARGET_MICROS / 2) {
            slowStart = false;
            slowStartThresholdBytes = windowBytes;
        }
        // The part of a round trip that the acknowledged bytes are; it sums up to one in each.
        double roundShare = Math.min(1, acknowledgement.bytes() / windowBytes);
        if (offTarget < 0) {
            // Down by up to half in a round trip, faster than RFC 6817: a standing queue is felt by everyone.
            windowBytes = Math.max(floorBytes(), windowBytes * (1 + Math.max(offTarget, -0.5) * roundShare));
        } else if (acknowledgement.windowLimited()) {
            // A window that is not used says nothing about the path (RFC 6817, 2.4.1, "flightsize").
            windowBytes += slowStart ? acknowledgement.bytes() : offTarget * roundShare * maxPacketBytes;
        }
    }

    @Override
    public void onLossEpisode(long nowNanos) {
        rememberForUndo();
        windowBytes = Math.max(windowBytes / 2, floorBytes());
        slowStartThresholdBytes = windowBytes;
    }

    @Override
    public void onTimeout(long nowNanos) {
        // A second timeout in a row says nothing new about what the path can hold.
        if (windowBytes > floorBytes()) {
            rememberForUndo();
            slowStartThresholdBytes = windowBytes / 2;
        }
        windowBytes = floorBytes();
    }

    private void rememberForUndo() {
        undoWindowBytes = windowBytes;
        undoThresholdBytes = slowStartThresholdBytes;
    }

    @Override
    public void onSpuriousLosses(long nowNanos) {
        if (undoWindowBytes > windowBytes) {
            windowBytes = undoWindowBytes;
            slowStartThresholdBytes = undoThresholdBytes;
        }
    }

    @Override
    public void onMaxPacketBytes(int bytes) {
        maxPacketBytes = bytes;
    }

    @Override
    public long windowBytes() {
        return (long) windowBytes;
    }

    private double floorBytes() {
        return (double) MIN_PACKETS * maxPacketBytes;
    }
}
