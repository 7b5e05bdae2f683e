package dev.tandem.utp.protocol.congestion;

/**
 * CUBIC (RFC 9438), the congestion control of most TCP: after a loss the window returns quickly to near where the loss was,
 * lingers there, and then probes beyond. Slow start is that of HyStart++ (RFC 9406). It is paced.
 */
public final class Cubic implements CongestionController {
    /** In packets a second cubed (RFC 9438, 5.1). */
    private static final double C = 0.4;

    private static final double BETA = 0.7;

    /** With it the Reno-friendly window is as large as Reno's would be on average (RFC 9438, 4.3). */
    private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);

    /** RFC 6928. */
    private static final int INITIAL_PACKETS = 10;

    private static final int MIN_PACKETS = 2;

    /** A window that was not used for so long says nothing of the path any more (RFC 2861). */
    private static final long STALE_NANOS = 1_000_000_000L;

    private static final double SLOW_START_PACING = 2;
    private static final double AVOIDANCE_PACING = 1.25;
    private static final double SECOND_NANOS = 1e9;

    private int maxPacketBytes;
    private final WindowPacing pacing = new WindowPacing();
    private HyStart hyStart = new HyStart();

    private double windowBytes;
    private double slowStartThresholdBytes = Double.MAX_VALUE;

    /** The window before the last reduction, less if that came below the one before (RFC 9438, 4.7). */
    private double maxWindowBytes;

    /** The window before the last reduction, in fact. */
    private double priorWindowBytes;

    /** When the growth at hand began, and after how many seconds it reaches the maximum. */
    private boolean inEpoch;

    private long epochStartNanos;
    private double epochSeconds;
    private double renoWindowBytes;

    private long lastLimitedNanos;
    private long lastHeardNanos;
    private boolean heard;

    /** What there was before the last episode of losses, should there have been none. */
    private double undoWindowBytes;

    private double undoThresholdBytes;
    private double undoMaxWindowBytes;

    /** @param maxPacketBytes the largest packet that the connection sends */
    public Cubic(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
        this.windowBytes = (double) INITIAL_PACKETS * maxPacketBytes;
    }

    @Override
    public void onAcknowledgement(Acknowledgement acknowledgement) {
        long now = acknowledgement.nowNanos();
        heard = true;
        lastHeardNanos = now;
        if (acknowledgement.rttNanos() > 0) {
            pacing.sample(acknowledgement.rttNanos());
        }
        double growth = isSlowStart() ? hyStart.onAcknowledgement(acknowledgement) : 1;
        if (growth == 0) {
            slowStartThresholdBytes = windowBytes;
        }
        if (!acknowledgement.windowLimited()) {
            // A window that is not used says nothing of the path, and time that passes so does not count (RFC 9438,
            // 5.8).
            return;
        }
        if (isSlowStart()) {
            windowBytes += growth * acknowledgement.bytes();
        } else {
            avoidCongestion(now, acknowledgement.bytes());
        }
        lastLimitedNanos = now;
    }

    private boolean isSlowStart() {
        return windowBytes < slowStartThresholdBytes;
    }

    private void avoidCongestion(long now, int bytes) {
        if (!inEpoch) {
            beginEpoch(now);
        } else if (now - lastLimitedNanos > 2 * pacing.smoothedRttNanos()) {
            epochStartNanos += now - lastLimitedNanos;
        }
        double elapsed = (now - epochStartNanos) / SECOND_NANOS;
        double cubic = cubicWindowBytes(elapsed);
        double share = bytes / windowBytes;
        // Until it is as large as before the reduction it makes up for the smaller one; then it grows as Reno does.
        renoWindowBytes += (renoWindowBytes < priorWindowBytes ? RENO_ALPHA : 1) * share * maxPacketBytes;
        if (cubic < renoWindowBytes) {
            windowBytes = Math.max(windowBytes, renoWindowBytes);
            return;
        }
        double ahead = cubicWindowBytes(elapsed + pacing.smoothedRttNanos() / SECOND_NANOS);
        double target = Math.max(windowBytes, Math.min(ahead, 1.5 * windowBytes));
        windowBytes += (target - windowBytes) * share;
    }

    private void beginEpoch(long now) {
        inEpoch = true;
        epochStartNanos = now;
        renoWindowBytes = windowBytes;
        if (maxWindowBytes < windowBytes) {
            maxWindowBytes = windowBytes;
        }
        epochSeconds = Math.cbrt((maxWindowBytes - windowBytes) / maxPacketBytes / C);
    }

    /** RFC 9438, 4.2, figure 1. */
    private double cubicWindowBytes(double elapsedSeconds) {
        double fromPlateau = elapsedSeconds - epochSeconds;
        return maxWindowBytes + C * fromPlateau * fromPlateau * fromPlateau * maxPacketBytes;
    }

    @Override
    public void onLossEpisode(long nowNanos) {
        rememberForUndo();
        reduce();
        windowBytes = slowStartThresholdBytes;
    }

    @Override
    public void onTimeout(long nowNanos) {
        // A second timeout in a row says nothing new about what the path can hold.
        if (windowBytes > floorBytes()) {
            rememberForUndo();
            reduce();
        }
        windowBytes = floorBytes();
    }

    private void reduce() {
        maxWindowBytes = windowBytes < maxWindowBytes ? windowBytes * (1 + BETA) / 2 : windowBytes;
        priorWindowBytes = windowBytes;
        slowStartThresholdBytes = Math.max(windowBytes * BETA, floorBytes());
        inEpoch = false;
    }

    private void rememberForUndo() {
        undoWindowBytes = windowBytes;
        undoThresholdBytes = slowStartThresholdBytes;
        undoMaxWindowBytes = maxWindowBytes;
    }

    /** RFC 9438, 4.9. */
    @Override
    public void onSpuriousLosses(long nowNanos) {
        if (undoWindowBytes > windowBytes) {
            windowBytes = undoWindowBytes;
            slowStartThresholdBytes = undoThresholdBytes;
            maxWindowBytes = undoMaxWindowBytes;
            inEpoch = false;
        }
    }

    @Override
    public void onIdle(long nowNanos) {
        double initial = (double) INITIAL_PACKETS * maxPacketBytes;
        if (heard && nowNanos - lastHeardNanos > STALE_NANOS && windowBytes > initial) {
            slowStartThresholdBytes = Math.max(
                    slowStartThresholdBytes == Double.MAX_VALUE ? 0 : slowStartThresholdBytes, 0.75 * windowBytes);
            windowBytes = initial;
            inEpoch = false;
            hyStart = new HyStart();
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

    @Override
    public long pacingBytesPerSecond() {
        return pacing.bytesPerSecond(windowBytes, isSlowStart() ? SLOW_START_PACING : AVOIDANCE_PACING);
    }

    private double floorBytes() {
        return (double) MIN_PACKETS * maxPacketBytes;
    }
}
