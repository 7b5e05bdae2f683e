package dev.tandem.utp.simulation;

/**
 * What one direction of a path does to its packets. Immutable; start at {@link #CLEAN} and add impairments with the
 * {@code with…} methods, each of which returns a changed copy.
 *
 * <p>Probabilities are 0 to 1, decided for each packet by itself. Durations are nanoseconds, 0 to
 * {@link #MAX_DURATION_NANOS}. A value out of its range is an {@link IllegalArgumentException}.
 */
public final class LinkConditions {
    /** The longest duration accepted: one day. */
    public static final long MAX_DURATION_NANOS = 86_400L * 1_000_000_000L;

    /** The highest rate accepted, in bits per second. */
    public static final long MAX_RATE_BITS_PER_SECOND = 1_000_000_000_000L;

    /** Bytes of an IPv4 and a UDP header. */
    public static final int IPV4_UDP_OVERHEAD_BYTES = 28;

    /** Bytes of an IPv6 and a UDP header. */
    public static final int IPV6_UDP_OVERHEAD_BYTES = 48;

    /** Delivers everything, at once, in order; counts {@link #IPV4_UDP_OVERHEAD_BYTES} of overhead for each packet. */
    public static final LinkConditions CLEAN = new LinkConditions();

    private static final long UNLIMITED = Long.MAX_VALUE;

    // Written only on a fresh copy, before the method that made it returns.
    private long delayNanos;
    private long jitterNanos;
    private boolean jitterReorders;
    private double lossProbability;
    private double burstEnterProbability;
    private double burstLeaveProbability = 1;
    private double burstLossProbability;
    private double reorderProbability;
    private long reorderDelayNanos;
    private double duplicationProbability;
    private long duplicateDelayNanos;
    private double corruptionProbability;
    private long rateBitsPerSecond;
    private long queueBytes = UNLIMITED;
    private int overheadBytesPerPacket = IPV4_UDP_OVERHEAD_BYTES;
    private int mtuBytes;

    private LinkConditions() {}

    private LinkConditions(LinkConditions from) {
        delayNanos = from.delayNanos;
        jitterNanos = from.jitterNanos;
        jitterReorders = from.jitterReorders;
        lossProbability = from.lossProbability;
        burstEnterProbability = from.burstEnterProbability;
        burstLeaveProbability = from.burstLeaveProbability;
        burstLossProbability = from.burstLossProbability;
        reorderProbability = from.reorderProbability;
        reorderDelayNanos = from.reorderDelayNanos;
        duplicationProbability = from.duplicationProbability;
        duplicateDelayNanos = from.duplicateDelayNanos;
        corruptionProbability = from.corruptionProbability;
        rateBitsPerSecond = from.rateBitsPerSecond;
        queueBytes = from.queueBytes;
        overheadBytesPerPacket = from.overheadBytesPerPacket;
        mtuBytes = from.mtuBytes;
    }

    /** Sets the propagation delay, which every packet takes after it has been serialised. */
    public LinkConditions withDelay(long nanos) {
        LinkConditions changed = new LinkConditions(this);
        changed.delayNanos = duration("delay", nanos);
        return changed;
    }

    /**
     * Adds 0 to {@code nanos} to the delay of each packet, uniformly. A packet that would overtake waits for its
     * predecessor and arrives right behind it.
     */
    public LinkConditions withJitter(long nanos) {
        LinkConditions changed = new LinkConditions(this);
        changed.jitterNanos = duration("jitter", nanos);
        changed.jitterReorders = false;
        return changed;
    }

    /** As {@link #withJitter}, but packets overtake each other as their delays have it. */
    public LinkConditions withReorderingJitter(long nanos) {
        LinkConditions changed = withJitter(nanos);
        changed.jitterReorders = true;
        return changed;
    }

    /**
     * Loses each packet with this probability, independently. It is lost behind the queue: it took its share of the
     * rate, so loss removes packets and moves no other. 1 is a dead path.
     */
    public LinkConditions withLoss(double probability) {
        LinkConditions changed = new LinkConditions(this);
        changed.lossProbability = probability("loss", probability);
        return changed;
    }

    /**
     * Bursty loss after Gilbert and Elliott, besides that of {@link #withLoss}. Before each packet the state may
     * change; in the good state nothing is lost. Bad states last {@code 1 / leave} packets on average, and are on
     * for {@code enter / (enter + leave)} of all packets.
     *
     * @param enter probability, for each packet, of going from good to bad
     * @param leave probability, for each packet, of going from bad to good; above 0 if {@code enter} is
     * @param lossInBad probability of losing a packet in the bad state
     */
    public LinkConditions withBurstLoss(double enter, double leave, double lossInBad) {
        LinkConditions changed = new LinkConditions(this);
        changed.burstEnterProbability = probability("entering a burst", enter);
        changed.burstLeaveProbability = probability("leaving a burst", leave);
        changed.burstLossProbability = probability("loss in a burst", lossInBad);
        if (enter > 0 && leave == 0) {
            throw new IllegalArgumentException("a burst that is never left: set a loss probability instead");
        }
        return changed;
    }

    /** Holds each packet back by {@code extraDelayNanos} with this probability, and lets others overtake it. */
    public LinkConditions withReordering(double probability, long extraDelayNanos) {
        LinkConditions changed = new LinkConditions(this);
        changed.reorderProbability = probability("reordering", probability);
        changed.reorderDelayNanos = duration("reorder delay", extraDelayNanos);
        return changed;
    }

    /**
     * Delivers each packet that is not lost a second time with this probability, {@code extraDelayNanos} after the
     * first. The copy comes into being behind the queue, and is never corrupted.
     */
    public LinkConditions withDuplication(double probability, long extraDelayNanos) {
        LinkConditions changed = new LinkConditions(this);
        changed.duplicationProbability = probability("duplication", probability);
        changed.duplicateDelayNanos = duration("duplicate delay", extraDelayNanos);
        return changed;
    }

    /** Corrupts each packet with this probability, by the means given to {@link Link#corruptWith}. */
    public LinkConditions withCorruption(double probability) {
        LinkConditions changed = new LinkConditions(this);
        changed.corruptionProbability = probability("corruption", probability);
        return changed;
    }

    /**
     * Serialises packets at a rate; those that come meanwhile wait in the queue, which {@link #withQueue} bounds.
     *
     * @param bitsPerSecond 1 to {@link #MAX_RATE_BITS_PER_SECOND}, or 0 for no limit and no queue
     */
    public LinkConditions withRate(long bitsPerSecond) {
        if (bitsPerSecond < 0 || bitsPerSecond > MAX_RATE_BITS_PER_SECOND) {
            throw new IllegalArgumentException("rate out of range: " + bitsPerSecond + " bit/s");
        }
        LinkConditions changed = new LinkConditions(this);
        changed.rateBitsPerSecond = bitsPerSecond;
        return changed;
    }

    /**
     * Bounds the queue in front of the rate: a packet that finds no room is dropped (drop-tail). The packet being
     * serialised is not in the queue. Without a rate this has no effect; without this the queue has no bound.
     *
     * @param bytes 0 or more, overhead included
     */
    public LinkConditions withQueue(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("queue out of range: " + bytes + " bytes");
        }
        LinkConditions changed = new LinkConditions(this);
        changed.queueBytes = bytes;
        return changed;
    }

    /**
     * Sets the bytes of headers that each payload gets on the wire; they count for rate, queue and MTU.
     *
     * @param bytes 0 to 65535
     */
    public LinkConditions withOverhead(int bytes) {
        LinkConditions changed = new LinkConditions(this);
        changed.overheadBytesPerPacket = packetBytes("overhead", bytes);
        return changed;
    }

    /**
     * Swallows packets larger than this without a word. As for a real path the overhead counts: an MTU of 1492 with
     * {@link #IPV4_UDP_OVERHEAD_BYTES} passes payloads of up to 1464 bytes.
     *
     * @param bytes 1 to 65535, or 0 for no limit
     */
    public LinkConditions withMtu(int bytes) {
        LinkConditions changed = new LinkConditions(this);
        changed.mtuBytes = packetBytes("MTU", bytes);
        return changed;
    }

    /** Propagation delay. */
    public long delayNanos() {
        return delayNanos;
    }

    /** The most that jitter adds to the delay. */
    public long jitterNanos() {
        return jitterNanos;
    }

    /** Whether jitter lets packets overtake each other. */
    public boolean jitterReorders() {
        return jitterReorders;
    }

    /** Probability of independent loss. */
    public double lossProbability() {
        return lossProbability;
    }

    /** Probability of going from the good to the bad state. */
    public double burstEnterProbability() {
        return burstEnterProbability;
    }

    /** Probability of going from the bad to the good state. */
    public double burstLeaveProbability() {
        return burstLeaveProbability;
    }

    /** Probability of loss in the bad state. */
    public double burstLossProbability() {
        return burstLossProbability;
    }

    /** Probability of being held back. */
    public double reorderProbability() {
        return reorderProbability;
    }

    /** How long a packet is held back. */
    public long reorderDelayNanos() {
        return reorderDelayNanos;
    }

    /** Probability of being delivered twice. */
    public double duplicationProbability() {
        return duplicationProbability;
    }

    /** How long after the first the copy arrives. */
    public long duplicateDelayNanos() {
        return duplicateDelayNanos;
    }

    /** Probability of corruption. */
    public double corruptionProbability() {
        return corruptionProbability;
    }

    /** Rate in bits per second, 0 if not limited. */
    public long rateBitsPerSecond() {
        return rateBitsPerSecond;
    }

    /** Bound of the queue in bytes, {@link Long#MAX_VALUE} if there is none. */
    public long queueBytes() {
        return queueBytes;
    }

    /** Bytes of headers on the wire for each payload. */
    public int overheadBytesPerPacket() {
        return overheadBytesPerPacket;
    }

    /** The largest packet that passes, in bytes with overhead; 0 if there is no limit. */
    public int mtuBytes() {
        return mtuBytes;
    }

    /** Everything that differs from {@link #CLEAN}, for failure messages. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("delay ").append(delayNanos).append(" ns");
        append(text, jitterReorders ? "reordering jitter ns" : "jitter ns", jitterNanos, 0);
        append(text, "loss", lossProbability, 0);
        append(text, "burst enter", burstEnterProbability, 0);
        append(text, "burst leave", burstLeaveProbability, 1);
        append(text, "burst loss", burstLossProbability, 0);
        append(text, "reorder", reorderProbability, 0);
        append(text, "reorder ns", reorderDelayNanos, 0);
        append(text, "duplicate", duplicationProbability, 0);
        append(text, "duplicate ns", duplicateDelayNanos, 0);
        append(text, "corrupt", corruptionProbability, 0);
        append(text, "bit/s", rateBitsPerSecond, 0);
        append(text, "queue bytes", queueBytes, UNLIMITED);
        append(text, "overhead bytes", overheadBytesPerPacket, IPV4_UDP_OVERHEAD_BYTES);
        append(text, "MTU bytes", mtuBytes, 0);
        return text.toString();
    }

    private static void append(StringBuilder text, String name, Number value, Number unless) {
        if (value.doubleValue() != unless.doubleValue()) {
            text.append(", ").append(name).append(' ').append(value);
        }
    }

    private static double probability(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("probability of " + name + " out of range: " + value);
        }
        return value;
    }

    private static long duration(String name, long nanos) {
        if (nanos < 0 || nanos > MAX_DURATION_NANOS) {
            throw new IllegalArgumentException(name + " out of range: " + nanos + " ns");
        }
        return nanos;
    }

    private static int packetBytes(String name, int bytes) {
        if (bytes < 0 || bytes > 65_535) {
            throw new IllegalArgumentException(name + " out of range: " + bytes + " bytes");
        }
        return bytes;
    }
}
