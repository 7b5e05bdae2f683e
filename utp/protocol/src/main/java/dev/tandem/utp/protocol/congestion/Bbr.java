package dev.tandem.utp.protocol.congestion;

/**
 * Bottleneck bandwidth and round-trip propagation time, version 3 (draft-ietf-ccwg-bbr): models the path by the fastest
 * delivery and the shortest round trip seen lately, sends at that rate, and probes for more now and then.
 *
 * <p>It differs from the draft where µTP can do better. A loss alone is no sign of congestion: only heavy losses are, or
 * some together with a queue, which µTP's timestamps show. What is lost at random is sent on top of what the path delivers.
 * And since a queue can be seen, it is known whether somebody else holds it.
 */
public final class Bbr implements CongestionController {
    private enum Mode {
        /** Sends ever faster, until the rate of delivery grows no more. */
        STARTUP,
        /** Lets the queue drain that startup has made. */
        DRAIN,
        /** Sends less than the path takes, so that the queue of the last probe goes. */
        DOWN,
        /** Steady. */
        CRUISE,
        /** Fills the path again for a round trip, without a queue, so that the probe finds its end and not our own bounds. */
        REFILL,
        /** Sends more than the path was known to take. */
        UP,
        /** Nearly stops for a moment, so that the round trip shows without our own queue. */
        PROBE_RTT
    }

    private static final double STARTUP_GAIN = 2.77;
    private static final double DOWN_GAIN = 0.75;
    private static final double UP_GAIN = 1.25;
    private static final double WINDOW_GAIN = 2;
    private static final double UP_WINDOW_GAIN = 2.25;

    /** While more is in flight than need be, and nobody else is there to take the place. */
    private static final double EASED_GAIN = 0.95;

    /**
     * What that becomes, a step in each round, while a queue stands: of delays that jump, the largest rate that was seen is more than
     * the path has.
     */
    private static final double LEAST_EASED_GAIN = 0.9;

    private static final double EASED_STEP = 0.025;

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long MILLI_MICROS = 1_000;

    /** Between two probes for bandwidth: so long, and up to a second more. */
    private static final long PROBE_WAIT_NANOS = 2 * SECOND_NANOS;

    /**
     * Or so many rounds: the draft's 62 would be enough beside TCP, but in the simulator latecomers then get a third of what
     * they should.
     */
    private static final int MAX_WAIT_ROUNDS = 16;

    private static final int MAX_SHARED_WAIT_ROUNDS = 8;

    /** The first probes come sooner: whatever held up one of the two ends for a moment may have ended startup too early. */
    private static final int EARLY_PROBES = 2;

    private static final int EARLY_WAIT_ROUNDS = 2;

    private static final long MIN_RTT_NANOS = 10 * SECOND_NANOS;
    private static final long PROBE_RTT_NANOS = SECOND_NANOS / 5;
    private static final double PROBE_RTT_WINDOW_GAIN = 0.5;

    /** Startup ends when the bandwidth has not grown by a quarter in three rounds. */
    private static final double FULL_GROWTH = 1.25;

    private static final int FULL_ROUNDS = 3;

    /** So many rounds more if nothing shows that it is the path that takes no more. */
    private static final int MAX_UNEXPLAINED_ROUNDS = 30;

    /** A share lost that shows it, as a policer's does: so much beyond what may be chance, and so many packets. */
    private static final double FULL_LOSS = 0.01;

    private static final int FULL_LOSS_PACKETS = 3;

    /** A probe that has found so much more goes on. */
    private static final double PROBE_GROWTH = 1.1;

    /** A little less than was measured: an estimate that is a little too high would keep a queue for ever. */
    private static final double PACING_MARGIN = 0.99;

    /** Of what losses showed to be too much, so much is left to others. */
    private static final double HEADROOM = 0.85;

    private static final double BACK_OFF = 0.7;

    /** Of that bound, in each round without congestion. */
    private static final double STEADY_GROWTH = 1 + 1 / 320.0;

    /** Share lost of a round that is congestion whatever the delays say, and with a queue. */
    private static final double HEAVY_LOSS = 0.25;

    private static final double LOSS_WITH_QUEUE = 0.001;

    private static final int MAX_UP_ROUND_TRIPS = 3;
    private static final int MAX_DRAIN_ROUND_TRIPS = 5;
    private static final int MIN_PACKETS = 4;
    private static final int MIN_QUANTUM_PACKETS = 3;
    private static final int MAX_QUANTUM_PACKETS = 64;
    private static final int QUANTA_IN_WINDOW = 3;
    private static final int INITIAL_PACKETS = 10;

    private final QueueOwner queueOwner = new QueueOwner();
    private final RandomLoss randomLoss = new RandomLoss();

    private int maxPacketBytes;
    private Mode mode = Mode.STARTUP;
    private long modeSinceNanos;

    /** The largest rate of the probe before the last one, and since, in bytes a second. */
    private long earlierBandwidth;

    private long currentBandwidth;

    /** The larger of both. */
    private long maxBandwidth;

    private long roundEndDelivered;
    private long roundDeliveredBytes;
    private long roundLostBytes;
    private boolean roundAppLimited;
    private long queueingDelayMicros;

    private long minRttNanos = Long.MAX_VALUE;
    private long minRttSeenNanos;
    private boolean probeRttDue;
    private long probeRttEndNanos;
    private boolean probeRttReached;

    /** The smallest round trip of the probe at hand. */
    private long probedRttNanos;

    private long fullBandwidth;
    private int roundsWithoutGrowth;
    private int roundsUnexplained;

    /** What the probe at hand has found so far, and what was known before it. */
    private long probedBandwidth;

    private long bandwidthBeforeProbe;

    /** What was lost of the last round. */
    private long lostBytes;

    private double lostShare;

    /** Rounds since the last probe began to end, and when the next one is due. */
    private int roundsSinceProbe;

    private long probeDueNanos;
    private int earlyProbes = EARLY_PROBES;

    /** What the last probe showed is still coming in. */
    private boolean probeEnding;

    /** More is in flight than the path holds, by the model or by the delays: it waits in a queue. */
    private boolean excess;

    /** The queue of the last probe has gone, and what is left now is looked at. */
    private boolean lookingAtQueue;

    private long leastQueueMicros;

    /** The least of the round at hand: what jumps does not stand. */
    private long roundLeastQueueMicros = Long.MAX_VALUE;

    private double easedGain = EASED_GAIN;

    /** Most that may be in flight, learned from the losses of a probe; none yet if it is the largest number. */
    private double longBytes = Double.MAX_VALUE;

    /** What that was before the last of them; what it is again if that was undone. */
    private double longBeforeBytes = Double.MAX_VALUE;

    /** The same from losses since the last probe. */
    private double shortBytes = Double.MAX_VALUE;

    private double windowBytes;
    private boolean timedOut;

    /** @param maxPacketBytes the largest packet that the connection sends */
    public Bbr(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
        this.windowBytes = (double) INITIAL_PACKETS * maxPacketBytes;
    }

    @Override
    public void onAcknowledgement(Acknowledgement acknowledgement) {
        long now = acknowledgement.nowNanos();
        boolean roundStarts = acknowledgement.priorDeliveredBytes() >= roundEndDelivered;
        roundDeliveredBytes += acknowledgement.bytes();
        roundAppLimited |= acknowledgement.appLimited();
        if (acknowledgement.queueingDelayMicros() >= 0) {
            queueingDelayMicros = acknowledgement.queueingDelayMicros();
            leastQueueMicros = Math.min(leastQueueMicros, queueingDelayMicros);
            roundLeastQueueMicros = Math.min(roundLeastQueueMicros, queueingDelayMicros);
        }
        takeBandwidth(acknowledgement);
        takeMinRtt(now, acknowledgement.rttNanos());
        if (roundStarts) {
            onRound(acknowledgement);
        }
        switch (mode) {
            case STARTUP -> {
                if (roundStarts && !acknowledgement.appLimited()) {
                    checkFull(now);
                }
            }
            case DRAIN -> {
                if (acknowledgement.bytesInFlight() <= bdpBytes(1)) {
                    enter(Mode.DOWN, now);
                }
            }
            case DOWN -> {
                if (isDrained(now, acknowledgement)) {
                    enter(Mode.CRUISE, now);
                }
            }
            case CRUISE -> cruise(now, acknowledgement);
            case REFILL -> {
                if (roundStarts && now - modeSinceNanos >= minRttNanos) {
                    enter(Mode.UP, now);
                }
            }
            case UP -> {
                if (isProbed(now, acknowledgement)) {
                    enter(Mode.DOWN, now);
                }
            }
            case PROBE_RTT -> {}
        }
        checkProbeRtt(now, acknowledgement.bytesInFlight());
        growWindow(acknowledgement);
    }

    private void enter(Mode next, long now) {
        mode = next;
        modeSinceNanos = now;
        switch (next) {
            case DOWN -> {
                probeEnding = true;
                roundsSinceProbe = 0;
                // Flows that share a bottleneck must not probe in step. The engine has no randomness, but its times do.
                probeDueNanos =
                        now + PROBE_WAIT_NANOS + Math.floorMod((now * 0x9E3779B97F4A7C15L) >>> 20, SECOND_NANOS);
                randomLoss.begin();
            }
            case CRUISE -> leastQueueMicros = Long.MAX_VALUE;
            case REFILL -> shortBytes = Double.MAX_VALUE;
            case UP -> {
                probedBandwidth = maxBandwidth;
                bandwidthBeforeProbe = maxBandwidth;
                earlyProbes = Math.max(0, earlyProbes - 1);
            }
            default -> {}
        }
    }

    private boolean isProbing() {
        return mode == Mode.STARTUP || mode == Mode.REFILL || mode == Mode.UP;
    }

    // What a round shows.

    private void onRound(Acknowledgement acknowledgement) {
        long now = acknowledgement.nowNanos();
        roundEndDelivered = acknowledgement.deliveredBytes();
        roundsSinceProbe++;
        lostBytes = roundLostBytes;
        lostShare = roundLostBytes / (double) Math.max(1, roundLostBytes + roundDeliveredBytes);
        boolean queue = queueingDelayMicros > Math.max(10 * MILLI_MICROS, minRttMicros() / 4);
        boolean congested = !isTrickle() && (lostShare > HEAVY_LOSS || (lostShare > LOSS_WITH_QUEUE && queue));
        if (mode != Mode.PROBE_RTT && queueOwner.onRound(congested, queueingDelayMicros)) {
            longBytes = Double.MAX_VALUE;
            shortBytes = Double.MAX_VALUE;
        }
        randomLoss.onRound(roundLostBytes, roundDeliveredBytes);
        if (congested && (!queueOwner.isUnmoved() || lostShare > HEAVY_LOSS)) {
            onCongestion(now);
        } else if (longBytes < Double.MAX_VALUE) {
            // Room may have come back. Without the slow growth between the probes we would yield to TCP, which always
            // grows.
            longBytes *= mode == Mode.UP ? UP_GAIN : STEADY_GROWTH;
        }
        if (probeEnding && roundsSinceProbe >= 1) {
            probeEnding = false;
            if (maxBandwidth > bandwidthBeforeProbe * PROBE_GROWTH && !queueOwner.isShared()) {
                // There may be far more.
                earlyProbes = Math.max(earlyProbes, 1);
            }
            if (!roundAppLimited) {
                earlierBandwidth = currentBandwidth;
                currentBandwidth = 0;
            }
        }
        boolean stands = mode == Mode.CRUISE
                && roundLeastQueueMicros != Long.MAX_VALUE
                && roundLeastQueueMicros > Math.max(5 * MILLI_MICROS, minRttMicros() / 16);
        easedGain = stands ? Math.max(LEAST_EASED_GAIN, easedGain - EASED_STEP) : EASED_GAIN;
        roundLeastQueueMicros = Long.MAX_VALUE;
        roundLostBytes = 0;
        roundDeliveredBytes = 0;
        roundAppLimited = false;
    }

    /**
     * Whether the last round was one of startup in which the application sent little: one of three small packets lost is a third of
     * them, and would end startup before the path was ever tried.
     */
    private boolean isTrickle() {
        return mode == Mode.STARTUP && roundAppLimited && roundLostBytes < (long) FULL_LOSS_PACKETS * maxPacketBytes;
    }

    private void onCongestion(long now) {
        // The losses of a probe show when it is over as well.
        if (isProbing() || probeEnding) {
            longBeforeBytes = longBytes;
            double had = Math.min(longBytes, windowBytes);
            longBytes = Math.max(bdpBytes(1), had * BACK_OFF);
            if (mode == Mode.STARTUP) {
                fullBandwidth = maxBandwidth;
                roundsWithoutGrowth = FULL_ROUNDS;
                enter(Mode.DRAIN, now);
            } else if (mode == Mode.UP) {
                enter(Mode.DOWN, now);
            }
            return;
        }
        shortBytes = Math.max(bdpBytes(1), Math.min(shortBytes, windowBytes) * BACK_OFF);
    }

    private void takeBandwidth(Acknowledgement acknowledgement) {
        long rate = acknowledgement.deliveryBytesPerSecond();
        // What an application did not send says nothing of the network, unless it is more than was thought.
        if (rate > 0 && (!acknowledgement.appLimited() || rate > maxBandwidth)) {
            currentBandwidth = Math.max(currentBandwidth, rate);
        }
        maxBandwidth = Math.max(earlierBandwidth, currentBandwidth);
    }

    private void takeMinRtt(long now, long rttNanos) {
        boolean expired = minRttNanos != Long.MAX_VALUE && now - minRttSeenNanos > MIN_RTT_NANOS;
        probeRttDue |= expired;
        if (rttNanos > 0 && rttNanos <= minRttNanos) {
            minRttNanos = rttNanos;
            minRttSeenNanos = now;
        }
        if (mode == Mode.PROBE_RTT && probeRttReached && rttNanos > 0) {
            probedRttNanos = Math.min(probedRttNanos, rttNanos);
        }
    }

    // The phases.

    private void checkFull(long now) {
        if (maxBandwidth >= fullBandwidth * FULL_GROWTH) {
            fullBandwidth = maxBandwidth;
            roundsWithoutGrowth = 0;
            roundsUnexplained = 0;
        } else if (!isPathFull() && ++roundsUnexplained < MAX_UNEXPLAINED_ROUNDS) {
            // Nothing waits in the path and nothing is lost: it is one of the two ends that is no faster for now.
            roundsWithoutGrowth = 0;
        } else if (++roundsWithoutGrowth >= FULL_ROUNDS) {
            enter(Mode.DRAIN, now);
        }
    }

    /** Whether the queue of the last probe is gone: for sure when we are alone, and as well as others leave it if not. */
    private boolean isDrained(long now, Acknowledgement acknowledgement) {
        if (acknowledgement.bytesInFlight() <= bdpBytes(1)) {
            lookingAtQueue = true;
            return true;
        }
        long inDown = now - modeSinceNanos;
        if (queueOwner.isShared()) {
            if (inDown > minRttNanos) {
                queueOwner.onSharedProbe();
                return true;
            }
            return false;
        }
        if (inDown > MAX_DRAIN_ROUND_TRIPS * minRttNanos) {
            // Ours alone would have gone by now.
            queueOwner.onDrained(true);
            return true;
        }
        return false;
    }

    private void cruise(long now, Acknowledgement acknowledgement) {
        excess = acknowledgement.bytesInFlight() > bdpBytes(1) + quantumBytes()
                || queueingDelayMicros > Math.max(2 * MILLI_MICROS, minRttMicros() / 40);
        if (lookingAtQueue && now - modeSinceNanos > minRttNanos) {
            lookingAtQueue = false;
            // Our queue is gone by now; what is still there is that of others, who would fill what we leave.
            long most = Math.max(5 * MILLI_MICROS, minRttMicros() / 4);
            queueOwner.onDrained(leastQueueMicros != Long.MAX_VALUE && leastQueueMicros > most);
        }
        int wait =
                earlyProbes > 0 ? EARLY_WAIT_ROUNDS : queueOwner.isShared() ? MAX_SHARED_WAIT_ROUNDS : MAX_WAIT_ROUNDS;
        double rounds = Math.min(bdpBytes(1) / maxPacketBytes, wait);
        if (now - probeDueNanos >= 0 || roundsSinceProbe >= rounds) {
            enter(Mode.REFILL, now);
        }
    }

    /** Whether a queue, or losses, show that the path takes no more. */
    private boolean isPathFull() {
        boolean losses = lostBytes >= (long) FULL_LOSS_PACKETS * maxPacketBytes
                && lostShare > FULL_LOSS + 2 * randomLoss.share();
        return losses || queueingDelayMicros > Math.max(MILLI_MICROS, minRttMicros() / 16);
    }

    private boolean isProbed(long now, Acknowledgement acknowledgement) {
        if (maxBandwidth > probedBandwidth * PROBE_GROWTH && !isPathFull()) {
            // There is more: the probe goes on from there.
            probedBandwidth = maxBandwidth;
            modeSinceNanos = now;
        }
        long inUp = now - modeSinceNanos;
        if (inUp > MAX_UP_ROUND_TRIPS * minRttNanos) {
            return true;
        }
        // What the faster sending has brought is known a round trip later: unless a queue shows already, that is waited
        // for.
        return inUp > minRttNanos && acknowledgement.bytesInFlightBefore() >= bdpBytes(UP_GAIN) * 0.95 && isPathFull();
    }

    private void checkProbeRtt(long now, long bytesInFlight) {
        if (mode != Mode.PROBE_RTT) {
            if (probeRttDue && maxBandwidth > 0) {
                enter(Mode.PROBE_RTT, now);
                probeRttReached = false;
            }
            probeRttDue = false;
            return;
        }
        probeRttDue = false;
        if (!probeRttReached && bytesInFlight <= probeRttWindow()) {
            probeRttReached = true;
            probeRttEndNanos = now + Math.max(PROBE_RTT_NANOS, minRttNanos);
            probedRttNanos = Long.MAX_VALUE;
        }
        if (probeRttReached && now - probeRttEndNanos >= 0) {
            minRttSeenNanos = now;
            if (probedRttNanos != Long.MAX_VALUE) {
                minRttNanos = probedRttNanos;
            }
            shortBytes = Double.MAX_VALUE;
            enter(roundsWithoutGrowth >= FULL_ROUNDS ? Mode.CRUISE : Mode.STARTUP, now);
        }
    }

    private double probeRttWindow() {
        return Math.max(floorBytes(), bdpBytes(PROBE_RTT_WINDOW_GAIN));
    }

    // What comes of it.

    private void growWindow(Acknowledgement acknowledgement) {
        if (mode == Mode.PROBE_RTT) {
            windowBytes = Math.min(windowBytes, probeRttWindow());
            return;
        }
        // Room for a batch of acknowledgements that comes late, and for our own batches of sending: one here, one on
        // its way
        // and one at the receiver, however short the way is.
        double quantum = quantumBytes();
        double inFlight = bdpBytes(mode == Mode.UP ? UP_WINDOW_GAIN : WINDOW_GAIN) + quantum;
        double target = Math.min(boundBytes(), Math.max(inFlight, QUANTA_IN_WINDOW * quantum));
        if (timedOut) {
            // The model has not changed; what was learned holds once something is heard again.
            timedOut = false;
            windowBytes = Math.max(windowBytes, Math.min(target, bdpBytes(1)));
        }
        if (roundsWithoutGrowth >= FULL_ROUNDS) {
            windowBytes = Math.min(windowBytes + acknowledgement.bytes(), target);
        } else if (windowBytes < target || acknowledgement.deliveredBytes() < (long) INITIAL_PACKETS * maxPacketBytes) {
            windowBytes += acknowledgement.bytes();
        }
        windowBytes = Math.max(windowBytes, floorBytes());
    }

    private double boundBytes() {
        boolean leavesRoom = mode == Mode.CRUISE || mode == Mode.DOWN;
        double left = leavesRoom ? Math.max(HEADROOM * longBytes, bdpBytes(1) + quantumBytes()) : longBytes;
        return Math.min(shortBytes, left);
    }

    @Override
    public void onLost(long nowNanos, long bytes) {
        roundLostBytes += bytes;
    }

    @Override
    public void onLossEpisode(long nowNanos) {}

    @Override
    public void onSpuriousLosses(long nowNanos) {
        longBytes = Math.max(longBytes, longBeforeBytes);
        shortBytes = Double.MAX_VALUE;
    }

    @Override
    public void onTimeout(long nowNanos) {
        timedOut = true;
        windowBytes = floorBytes();
    }

    @Override
    public void onIdle(long nowNanos) {
        if (mode == Mode.DOWN || mode == Mode.REFILL || mode == Mode.UP) {
            // At the rate that was known, without a probe on top.
            enter(Mode.CRUISE, nowNanos);
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
        if (minRttNanos == Long.MAX_VALUE) {
            return 0;
        }
        if (maxBandwidth == 0) {
            return windowRate(windowBytes);
        }
        double gain = switch (mode) {
            case STARTUP -> STARTUP_GAIN;
            case DRAIN -> 1 / STARTUP_GAIN;
            case DOWN -> DOWN_GAIN;
            case CRUISE -> excess && !queueOwner.isShared() ? easedGain : 1;
            case REFILL, PROBE_RTT -> 1;
            case UP -> UP_GAIN;
        };
        double bandwidth = maxBandwidth * PACING_MARGIN * randomLoss.makeUp();
        long rate = Math.max(maxPacketBytes, (long) (gain * bandwidth));
        // What a few small packets show is no rate; nobody begins more slowly than with a first window.
        return mode == Mode.STARTUP ? Math.max(rate, windowRate(INITIAL_PACKETS * maxPacketBytes)) : rate;
    }

    private long windowRate(double bytes) {
        return (long) (STARTUP_GAIN * bytes / Math.max(1, minRttNanos) * SECOND_NANOS);
    }

    /** What goes out, and is acknowledged, as one batch: a millisecond's worth, within bounds. */
    private double quantumBytes() {
        double packets = maxBandwidth / 1_000.0 / maxPacketBytes;
        return Math.max(MIN_QUANTUM_PACKETS, Math.min(packets, MAX_QUANTUM_PACKETS)) * maxPacketBytes;
    }

    private double bdpBytes(double gain) {
        if (maxBandwidth == 0 || minRttNanos == Long.MAX_VALUE) {
            return gain * INITIAL_PACKETS * maxPacketBytes;
        }
        return gain * maxBandwidth * minRttNanos / SECOND_NANOS * randomLoss.makeUp();
    }

    private long minRttMicros() {
        return minRttNanos == Long.MAX_VALUE ? 0 : minRttNanos / 1_000;
    }

    private double floorBytes() {
        return (double) MIN_PACKETS * maxPacketBytes;
    }
}
