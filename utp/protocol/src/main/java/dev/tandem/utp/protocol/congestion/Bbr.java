package dev.tandem.utp.protocol.congestion;

/**
 * Bottleneck bandwidth and round-trip propagation time (draft-ietf-ccwg-bbr): models the path by the fastest delivery and the
 * shortest round trip seen lately, sends at that rate, and keeps about twice what fits the path in flight at most.
 *
 * <p>A loss alone is no sign of congestion here: only heavy losses are, or some together with a queue.
 */
public final class Bbr implements CongestionController {
    private enum Mode {
        /** Sends ever faster, until the rate of delivery grows no more. */
        STARTUP,
        /** Lets the queue drain that startup has made. */
        DRAIN,
        /** Steady: probes for more now and then. */
        PROBE_BANDWIDTH,
        /** Nearly stops for a moment, so that the round trip shows without our own queue. */
        PROBE_RTT
    }

    private static final double STARTUP_GAIN = 2.77;
    private static final double STARTUP_WINDOW_GAIN = 2;
    private static final double STEADY_WINDOW_GAIN = 2;

    /** One probe for more bandwidth, one round trip for its queue to go, and six to cruise. */
    private static final double[] CYCLE = {1.25, 0.75, 1, 1, 1, 1, 1, 1};

    /** While more is in flight than need be, and nobody else is there to take the place. */
    private static final double EASED_GAIN = 0.95;

    /** A bandwidth is remembered for about that many rounds. */
    private static final int BANDWIDTH_ROUNDS = 10;

    private static final long MIN_RTT_NANOS = 10_000_000_000L;
    private static final long PROBE_RTT_NANOS = 200_000_000L;
    private static final double PROBE_RTT_WINDOW_GAIN = 0.5;

    /** Startup ends when the bandwidth has not grown by a quarter in three rounds. */
    private static final double FULL_GROWTH = 1.25;

    private static final int FULL_ROUNDS = 3;

    /** A little less than was measured: an estimate that is a little too high would keep a queue for ever. */
    private static final double PACING_MARGIN = 0.99;

    /** At the latest so many probes later it is looked at again whether we are alone, which costs some of our share. */
    private static final int MAX_SHARED_CYCLES = 64;

    private static final int MAX_DRAIN_ROUND_TRIPS = 5;
    private static final int MIN_PACKETS = 4;
    private static final int MIN_QUANTUM_PACKETS = 3;
    private static final int MAX_QUANTUM_PACKETS = 64;
    private static final int INITIAL_PACKETS = 10;
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long MILLI_MICROS = 1_000;

    /** Share lost of a round that is congestion whatever the delays say, and with a queue. */
    private static final double HEAVY_LOSS = 0.25;

    private static final double LOSS_WITH_QUEUE = 0.001;
    private static final double BACK_OFF = 0.7;

    /** A queue that became no smaller than that, of what it was, although we gave way to losses, is held by somebody who does not. */
    private static final double UNMOVED_QUEUE = 0.4;

    private static final int MIN_ROUNDS_BETWEEN_LOSSES = 3;

    /** So many times in a row, but for exceptions, and it is no chance. */
    private static final int MAX_UNANSWERED = 3;

    /** For so many rounds losses are then not answered, twice as many each time. */
    private static final int MIN_DEAF_ROUNDS = 256;

    private static final int MAX_DEAF_ROUNDS = 1_024;

    private int maxPacketBytes;
    private Mode mode = Mode.STARTUP;

    /** The largest rate of each of the last rounds, in bytes a second; round n at n modulo the length. */
    private final long[] bandwidths = new long[BANDWIDTH_ROUNDS];

    private long bandwidth;
    private int round;
    private long roundEndDelivered;

    private long minRttNanos = Long.MAX_VALUE;
    private long minRttSeenNanos;
    private boolean probeRttDue;
    private long probeRttEndNanos;
    private boolean probeRttReached;

    /** The smallest round trip of the probe at hand. */
    private long probedRttNanos;

    private long fullBandwidth;
    private int roundsWithoutGrowth;

    /** For so many probes more others are taken to hold a queue that does not go when ours goes. */
    private int sharedCycles;

    /** What that number was last. */
    private int patience = 1;

    private boolean drained;

    /** More is in flight than the path holds, by the model: it waits in a queue. */
    private boolean excess;

    private long leastQueueMicros = Long.MAX_VALUE;
    private int cycle;
    private long cycleStartNanos;

    private long roundDeliveredBytes;
    private long roundLostBytes;
    private long queueingDelayMicros;

    /** The queue since the last losses, and how often it stayed although we gave way. */
    private long leastSinceLossMicros = Long.MAX_VALUE;

    private long mostSinceLossMicros;
    private int roundsSinceLoss;
    private int unanswered;

    /** For so many rounds more losses are not answered, and how many that were last. */
    private int deafRounds;

    private int lastDeafRounds;

    /** Most that may be in flight, learned from losses that were congestion; none yet if it is the largest number. */
    private double ceilingBytes = Double.MAX_VALUE;

    /** What the ceiling was before the last of them; what it is now if that was undone. */
    private double ceilingBeforeBytes;

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
        if (acknowledgement.queueingDelayMicros() >= 0) {
            queueingDelayMicros = acknowledgement.queueingDelayMicros();
        }
        if (roundStarts) {
            onRound(acknowledgement);
        }
        takeBandwidth(acknowledgement);
        takeMinRtt(now, acknowledgement.rttNanos());
        switch (mode) {
            case STARTUP -> {
                if (roundStarts && !acknowledgement.appLimited()) {
                    checkFull();
                }
            }
            case DRAIN -> {
                if (acknowledgement.bytesInFlight() <= bdpBytes(1)) {
                    enterProbeBandwidth(now);
                }
            }
            case PROBE_BANDWIDTH -> advanceCycle(now, acknowledgement);
            case PROBE_RTT -> {}
        }
        checkProbeRtt(now, acknowledgement.bytesInFlight());
        growWindow(acknowledgement);
    }

    private void onRound(Acknowledgement acknowledgement) {
        roundEndDelivered = acknowledgement.deliveredBytes();
        if (mode != Mode.PROBE_BANDWIDTH || cycle != 1) {
            // What was sent more slowly than the path takes is no reason to forget how much that is.
            round++;
            bandwidths[round % BANDWIDTH_ROUNDS] = 0;
        }
        double lost = roundLostBytes / (double) Math.max(1, roundLostBytes + roundDeliveredBytes);
        boolean queue = queueingDelayMicros > Math.max(10 * MILLI_MICROS, minRttMicros() / 4);
        boolean congested = lost > HEAVY_LOSS || (lost > LOSS_WITH_QUEUE && queue);
        judgeQueue(congested);
        if (congested && (deafRounds == 0 || lost > HEAVY_LOSS)) {
            onCongestion();
        } else if (ceilingBytes < Double.MAX_VALUE) {
            // Room may have come back; as fast as TCP would find it at least.
            ceilingBytes += Math.max(maxPacketBytes, ceilingBytes / 64);
        }
        roundLostBytes = 0;
        roundDeliveredBytes = 0;
    }

    /** Beside one that gives way to no loss (BBR version 1 is such a one) we would otherwise be left with nearly nothing. */
    private void judgeQueue(boolean congested) {
        deafRounds = Math.max(0, deafRounds - 1);
        if (mode == Mode.PROBE_RTT) {
            return;
        }
        roundsSinceLoss++;
        mostSinceLossMicros = Math.max(mostSinceLossMicros, queueingDelayMicros);
        if (!congested) {
            leastSinceLossMicros = Math.min(leastSinceLossMicros, queueingDelayMicros);
            return;
        }
        if (deafRounds == 0 && roundsSinceLoss > MIN_ROUNDS_BETWEEN_LOSSES) {
            boolean unmoved = leastSinceLossMicros > UNMOVED_QUEUE * mostSinceLossMicros;
            unanswered = unmoved ? unanswered + 1 : Math.max(0, unanswered - 1);
            if (unanswered == 0) {
                lastDeafRounds = 0;
            } else if (unanswered >= MAX_UNANSWERED) {
                unanswered = 0;
                lastDeafRounds = Math.max(MIN_DEAF_ROUNDS, Math.min(2 * lastDeafRounds, MAX_DEAF_ROUNDS));
                deafRounds = lastDeafRounds;
                ceilingBytes = Double.MAX_VALUE;
            }
        }
        roundsSinceLoss = 0;
        leastSinceLossMicros = Long.MAX_VALUE;
        mostSinceLossMicros = queueingDelayMicros;
    }

    private void onCongestion() {
        if (mode == Mode.STARTUP) {
            fullBandwidth = bandwidth;
            roundsWithoutGrowth = FULL_ROUNDS;
            mode = Mode.DRAIN;
        }
        ceilingBeforeBytes = ceilingBytes;
        ceilingBytes = Math.max(bdpBytes(1), Math.min(ceilingBytes, windowBytes) * BACK_OFF);
    }

    private void takeBandwidth(Acknowledgement acknowledgement) {
        long rate = acknowledgement.deliveryBytesPerSecond();
        int slot = round % BANDWIDTH_ROUNDS;
        // What an application did not send says nothing of the network, unless it is more than was thought.
        if (rate > 0 && (!acknowledgement.appLimited() || rate > bandwidth)) {
            bandwidths[slot] = Math.max(bandwidths[slot], rate);
        } else if (acknowledgement.appLimited()) {
            bandwidths[slot] = Math.max(bandwidths[slot], bandwidth);
        }
        long most = 0;
        for (long each : bandwidths) {
            most = Math.max(most, each);
        }
        bandwidth = most;
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

    private void checkFull() {
        if (bandwidth >= fullBandwidth * FULL_GROWTH) {
            fullBandwidth = bandwidth;
            roundsWithoutGrowth = 0;
        } else if (++roundsWithoutGrowth >= FULL_ROUNDS) {
            mode = Mode.DRAIN;
        }
    }

    private void enterProbeBandwidth(long now) {
        mode = Mode.PROBE_BANDWIDTH;
        cycle = 2;
        cycleStartNanos = now;
    }

    private void advanceCycle(long now, Acknowledgement acknowledgement) {
        excess = acknowledgement.bytesInFlight() > bdpBytes(1) + quantumBytes();
        boolean roundTripOver = now - cycleStartNanos > minRttNanos;
        boolean next = switch (cycle) {
            case 0 ->
                (roundTripOver && acknowledgement.bytesInFlightBefore() >= bdpBytes(CYCLE[0]) * 0.95)
                        || now - cycleStartNanos > 3 * minRttNanos;
            case 1 -> isDrained(now, acknowledgement);
            default -> roundTripOver;
        };
        if (cycle == 2 && acknowledgement.queueingDelayMicros() >= 0) {
            leastQueueMicros = Math.min(leastQueueMicros, acknowledgement.queueingDelayMicros());
        }
        if (next) {
            if (cycle == 2 && drained) {
                drained = false;
                // Our queue is gone by now; what is still there is that of others, who would fill what we leave.
                long most = Math.max(5 * MILLI_MICROS, minRttMicros() / 4);
                onDrained(leastQueueMicros != Long.MAX_VALUE && leastQueueMicros > most);
            }
            leastQueueMicros = Long.MAX_VALUE;
            cycle = (cycle + 1) % CYCLE.length;
            cycleStartNanos = now;
        }
    }

    /** Whether the queue of the last probe is gone: for sure when we are alone, and as well as others leave it if not. */
    private boolean isDrained(long now, Acknowledgement acknowledgement) {
        if (acknowledgement.bytesInFlight() <= bdpBytes(1)) {
            drained = true;
            return true;
        }
        if (sharedCycles > 0 && now - cycleStartNanos > minRttNanos) {
            sharedCycles--;
            return true;
        }
        if (sharedCycles == 0 && now - cycleStartNanos > MAX_DRAIN_ROUND_TRIPS * minRttNanos) {
            // Ours alone would have gone by now.
            onDrained(true);
            return true;
        }
        return false;
    }

    private void onDrained(boolean shared) {
        patience = shared ? Math.min(2 * patience, MAX_SHARED_CYCLES) : 1;
        sharedCycles = shared ? patience : 0;
    }

    private void checkProbeRtt(long now, long bytesInFlight) {
        if (mode != Mode.PROBE_RTT) {
            if (probeRttDue && bandwidth > 0) {
                mode = Mode.PROBE_RTT;
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
            if (roundsWithoutGrowth >= FULL_ROUNDS) {
                enterProbeBandwidth(now);
            } else {
                mode = Mode.STARTUP;
            }
        }
    }

    private double probeRttWindow() {
        return Math.max(floorBytes(), bdpBytes(PROBE_RTT_WINDOW_GAIN));
    }

    private void growWindow(Acknowledgement acknowledgement) {
        if (mode == Mode.PROBE_RTT) {
            windowBytes = Math.min(windowBytes, probeRttWindow());
            return;
        }
        double gain = mode == Mode.STARTUP || mode == Mode.DRAIN ? STARTUP_WINDOW_GAIN : STEADY_WINDOW_GAIN;
        // Room for a batch of acknowledgements that comes late, and for our own batches of sending.
        double target = Math.min(ceilingBytes, bdpBytes(gain) + quantumBytes());
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

    @Override
    public void onLost(long nowNanos, long bytes) {
        roundLostBytes += bytes;
    }

    @Override
    public void onLossEpisode(long nowNanos) {}

    @Override
    public void onSpuriousLosses(long nowNanos) {
        ceilingBytes = Math.max(ceilingBytes, ceilingBeforeBytes);
    }

    @Override
    public void onTimeout(long nowNanos) {
        timedOut = true;
        windowBytes = floorBytes();
    }

    @Override
    public void onIdle(long nowNanos) {
        if (mode == Mode.PROBE_BANDWIDTH) {
            // At the rate that was known, without a probe on top.
            cycle = 2;
            cycleStartNanos = nowNanos;
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
        if (bandwidth == 0) {
            return windowRate(windowBytes);
        }
        double gain = switch (mode) {
            case STARTUP -> STARTUP_GAIN;
            case DRAIN -> 1 / STARTUP_GAIN;
            case PROBE_BANDWIDTH -> cycle >= 2 && excess && sharedCycles == 0 ? EASED_GAIN : CYCLE[cycle];
            case PROBE_RTT -> 1;
        };
        long rate = Math.max(maxPacketBytes, (long) (gain * bandwidth * PACING_MARGIN));
        // What a few small packets show is no rate; nobody begins more slowly than with a first window.
        return mode == Mode.STARTUP ? Math.max(rate, windowRate(INITIAL_PACKETS * maxPacketBytes)) : rate;
    }

    private long windowRate(double bytes) {
        return (long) (STARTUP_GAIN * bytes / Math.max(1, minRttNanos) * SECOND_NANOS);
    }

    /** What goes out, and is acknowledged, as one batch: a millisecond's worth, within bounds. */
    private double quantumBytes() {
        double packets = bandwidth / 1_000.0 / maxPacketBytes;
        return Math.max(MIN_QUANTUM_PACKETS, Math.min(packets, MAX_QUANTUM_PACKETS)) * maxPacketBytes;
    }

    private double bdpBytes(double gain) {
        if (bandwidth == 0 || minRttNanos == Long.MAX_VALUE) {
            return gain * INITIAL_PACKETS * maxPacketBytes;
        }
        return gain * bandwidth * minRttNanos / SECOND_NANOS;
    }

    private long minRttMicros() {
        return minRttNanos == Long.MAX_VALUE ? 0 : minRttNanos / 1_000;
    }

    private double floorBytes() {
        return (double) MIN_PACKETS * maxPacketBytes;
    }
}
