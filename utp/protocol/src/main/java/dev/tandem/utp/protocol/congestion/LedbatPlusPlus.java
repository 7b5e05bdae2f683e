package dev.tandem.utp.protocol.congestion;

import java.util.Arrays;

/**
 * LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): LEDBAT that measures the queue by round trips, yields to TCP for sure, and
 * stops nearly now and then, so that flows that came late see the path without a queue and take no more than their share.
 */
public final class LedbatPlusPlus implements CongestionController {
    /** The queueing delay aimed at. */
    static final long TARGET_NANOS = 60_000_000L;

    /**
     * A loss at a delay of that or more is a buffer that is too small for the target. Then the target becomes smaller, which the
     * draft does not do: without it flows divide such a buffer by their losses, as unevenly as they happened to come.
     */
    private static final long MIN_TARGET_NANOS = 15_000_000L;

    private static final double TARGET_BELOW_LOSS = 0.6;

    /** Slow start ends at that part of the target. */
    private static final double SLOW_START_TARGET = 0.75;

    /** The gain is one over that at the smallest: it is the slower, the shorter the path is beside the target. */
    private static final int MAX_GAIN_DIVISOR = 16;

    /** RFC 6928. */
    private static final int INITIAL_PACKETS = 10;

    private static final int MIN_PACKETS = 2;

    /** What is left in flight while the queue is let go, and for how many round trips. */
    private static final int SLOWDOWN_PACKETS = 2;

    private static final int SLOWDOWN_ROUND_TRIPS = 2;

    /** Of the time between two slowdowns, so that they cost a tenth of the throughput at most. */
    private static final int SLOWDOWN_INTERVALS = 9;

    /** The base delay is the least of so many minutes, as paths change. */
    private static final int BASE_MINUTES = 10;

    private static final long MINUTE_NANOS = 60_000_000_000L;

    /** The least of so many round trips is the delay now, which leaves out what acknowledgements waited for. */
    private static final int CURRENT_SAMPLES = 4;

    private enum Phase {
        /** Before the first slowdown. */
        BEGINNING,
        /** Between two of them. */
        STEADY,
        /** Nearly nothing is in flight. */
        SLOWDOWN,
        /** Back to the window of before. */
        RAMP_UP
    }

    private int maxPacketBytes;
    private final WindowPacing pacing = new WindowPacing();
    private final long[] baseNanos = new long[BASE_MINUTES];
    private final long[] currentNanos = new long[CURRENT_SAMPLES];
    private int samples;
    private int minute;
    private long minuteStartNanos;

    /** The longest round trip at which packets were lost: that of a full buffer. */
    private long lossRttNanos;

    private double windowBytes;
    private double slowStartThresholdBytes = Double.MAX_VALUE;
    private double undoWindowBytes;
    private double undoThresholdBytes;

    private Phase phase = Phase.BEGINNING;
    private long phaseStartNanos;

    /** When the next slowdown is due; it is known once slow start has ended. */
    private boolean slowdownPlanned;

    private long slowdownNanos;

    /** @param maxPacketBytes the largest packet that the connection sends */
    public LedbatPlusPlus(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
        this.windowBytes = (double) INITIAL_PACKETS * maxPacketBytes;
    }

    @Override
    public void onAcknowledgement(Acknowledgement acknowledgement) {
        long now = acknowledgement.nowNanos();
        if (acknowledgement.rttNanos() > 0) {
            takeRtt(now, acknowledgement.rttNanos());
        }
        if (samples == 0) {
            return;
        }
        advancePhase(now);
        if (phase == Phase.SLOWDOWN) {
            return;
        }
        double excess = (double) queueingDelayNanos() / targetNanos();
        if (isSlowStart() && phase != Phase.RAMP_UP && excess > SLOW_START_TARGET) {
            slowStartThresholdBytes = windowBytes;
        }
        double share = Math.min(1, acknowledgement.bytes() / windowBytes);
        if (isSlowStart()) {
            if (acknowledgement.windowLimited()) {
                windowBytes += gain() * acknowledgement.bytes();
            }
        } else if (excess > 1) {
            // In each round trip by as much as the target is missed by, half at most (section 4.2).
            double change = gain() * maxPacketBytes - windowBytes * (excess - 1);
            windowBytes = Math.max(floorBytes(), windowBytes + Math.max(change, -windowBytes / 2) * share);
        } else if (acknowledgement.windowLimited()) {
            windowBytes += gain() * maxPacketBytes * share;
        }
    }

    private void advancePhase(long now) {
        double roundTripNanos = pacing.smoothedRttNanos();
        switch (phase) {
            case BEGINNING, STEADY -> {
                if (phase == Phase.BEGINNING && !slowdownPlanned && !isSlowStart()) {
                    slowdownPlanned = true;
                    slowdownNanos = now + (long) (SLOWDOWN_ROUND_TRIPS * roundTripNanos);
                }
                if (slowdownPlanned && now - slowdownNanos >= 0) {
                    enter(Phase.SLOWDOWN, now);
                    slowStartThresholdBytes = Math.max(windowBytes, floorBytes());
                    windowBytes = (double) SLOWDOWN_PACKETS * maxPacketBytes;
                }
            }
            case SLOWDOWN -> {
                if (now - phaseStartNanos >= SLOWDOWN_ROUND_TRIPS * roundTripNanos) {
                    phase = Phase.RAMP_UP;
                }
            }
            case RAMP_UP -> {
                if (!isSlowStart()) {
                    slowdownNanos = now + SLOWDOWN_INTERVALS * (now - phaseStartNanos);
                    enter(Phase.STEADY, now);
                }
            }
        }
    }

    private void enter(Phase next, long now) {
        phase = next;
        phaseStartNanos = now;
    }

    private boolean isSlowStart() {
        return windowBytes < slowStartThresholdBytes;
    }

    private void takeRtt(long now, long rttNanos) {
        pacing.sample(rttNanos);
        if (samples == 0) {
            minuteStartNanos = now;
            Arrays.fill(baseNanos, Long.MAX_VALUE);
            Arrays.fill(currentNanos, Long.MAX_VALUE);
        }
        if (now - minuteStartNanos >= MINUTE_NANOS) {
            minuteStartNanos = now;
            minute = (minute + 1) % BASE_MINUTES;
            baseNanos[minute] = Long.MAX_VALUE;
        }
        baseNanos[minute] = Math.min(baseNanos[minute], rttNanos);
        currentNanos[samples % CURRENT_SAMPLES] = rttNanos;
        // Only its being 0 and its remainder matter.
        samples = samples == Integer.MAX_VALUE ? CURRENT_SAMPLES : samples + 1;
    }

    private long queueingDelayNanos() {
        return least(currentNanos) - least(baseNanos);
    }

    /** Reckoned from the base delay as it is known now: a latecomer takes the queue of others for a part of that at first. */
    private long targetNanos() {
        long bufferNanos = lossRttNanos - least(baseNanos);
        return bufferNanos < MIN_TARGET_NANOS
                ? TARGET_NANOS
                : Math.min(TARGET_NANOS, Math.max(MIN_TARGET_NANOS, (long) (bufferNanos * TARGET_BELOW_LOSS)));
    }

    private double gain() {
        double divisor = Math.ceil(2.0 * TARGET_NANOS / least(baseNanos));
        return 1 / Math.max(1, Math.min(divisor, MAX_GAIN_DIVISOR));
    }

    private static long least(long[] values) {
        long least = Long.MAX_VALUE;
        for (long value : values) {
            least = Math.min(least, value);
        }
        return least;
    }

    @Override
    public void onLossEpisode(long nowNanos) {
        if (samples > 0) {
            lossRttNanos = Math.max(lossRttNanos, least(currentNanos));
        }
        undoWindowBytes = windowBytes;
        undoThresholdBytes = slowStartThresholdBytes;
        windowBytes = Math.max(windowBytes / 2, floorBytes());
        slowStartThresholdBytes = windowBytes;
    }

    @Override
    public void onTimeout(long nowNanos) {
        // A second timeout in a row says nothing new about what the path can hold.
        if (windowBytes > floorBytes()) {
            undoWindowBytes = windowBytes;
            undoThresholdBytes = slowStartThresholdBytes;
            slowStartThresholdBytes = Math.max(windowBytes / 2, floorBytes());
        }
        windowBytes = floorBytes();
    }

    @Override
    public void onSpuriousLosses(long nowNanos) {
        if (phase != Phase.SLOWDOWN && undoWindowBytes > windowBytes) {
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

    @Override
    public long pacingBytesPerSecond() {
        return pacing.bytesPerSecond(windowBytes, isSlowStart() ? 2 : 1.25);
    }

    private double floorBytes() {
        return (double) MIN_PACKETS * maxPacketBytes;
    }
}
