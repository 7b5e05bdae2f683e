package dev.tandem.utp.simulation;

import java.util.function.Consumer;

/**
 * What one direction of a path does to packets; immutable. Probabilities are 0 to 1, times nanoseconds.
 *
 * @param delayNanos propagation delay
 * @param jitterNanos most extra delay of a packet, spread evenly; it does not reorder
 * @param loss probability that a packet is lost, each by itself
 * @param burstStart probability that a burst of losses begins at a packet (Gilbert-Elliott: good to bad)
 * @param burstEnd probability that a burst ends at a packet (bad to good); its mean length is the inverse
 * @param reorder probability that a packet is held back, and overtaken by later ones
 * @param reorderNanos most that such a packet is held back, spread evenly
 * @param duplicate probability that a packet arrives twice
 * @param corrupt probability that a packet is changed on the way, by the function given to the {@link Link}
 * @param rateBitsPerSecond how fast packets leave; 0: at once
 * @param queueBytes most bytes that wait for their turn to leave; one that finds no room is dropped. Without a rate
 *     nothing waits
 * @param overheadBytes counted with each packet for the rate and the queue, such as 28 for IPv4 and UDP
 * @param mtuBytes a larger packet, overhead included, vanishes; 0: none is too large
 */
public record LinkConditions(
        long delayNanos,
        long jitterNanos,
        double loss,
        double burstStart,
        double burstEnd,
        double reorder,
        long reorderNanos,
        double duplicate,
        double corrupt,
        long rateBitsPerSecond,
        long queueBytes,
        int overheadBytes,
        int mtuBytes) {

    /** Nothing happens to packets: they arrive at once. */
    public static final LinkConditions PERFECT = new LinkConditions(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 28, 0);

    /** @throws IllegalArgumentException if a value is out of its range */
    public LinkConditions {
        requireNotNegative(
                delayNanos, jitterNanos, reorderNanos, rateBitsPerSecond, queueBytes, overheadBytes, mtuBytes);
        requireProbability(loss, burstStart, burstEnd, reorder, duplicate, corrupt);
    }

    public LinkConditions withDelay(long nanos) {
        return with(draft -> draft.delayNanos = nanos);
    }

    public LinkConditions withJitter(long nanos) {
        return with(draft -> draft.jitterNanos = nanos);
    }

    public LinkConditions withLoss(double probability) {
        return with(draft -> draft.loss = probability);
    }

    /**
     * Losses in bursts.
     *
     * @param share how many of all packets are lost in the long run, below 1
     * @param meanLength packets lost in a burst on average, at least 1
     */
    public LinkConditions withBursts(double share, double meanLength) {
        double end = 1 / meanLength;
        return with(draft -> {
            draft.burstStart = end * share / (1 - share);
            draft.burstEnd = end;
        });
    }

    public LinkConditions withReordering(double probability, long nanos) {
        return with(draft -> {
            draft.reorder = probability;
            draft.reorderNanos = nanos;
        });
    }

    public LinkConditions withDuplication(double probability) {
        return with(draft -> draft.duplicate = probability);
    }

    public LinkConditions withCorruption(double probability) {
        return with(draft -> draft.corrupt = probability);
    }

    public LinkConditions withRate(long bitsPerSecond, long bytesOfQueue) {
        return with(draft -> {
            draft.rateBitsPerSecond = bitsPerSecond;
            draft.queueBytes = bytesOfQueue;
        });
    }

    public LinkConditions withMtu(int bytes) {
        return with(draft -> draft.mtuBytes = bytes);
    }

    private static void requireNotNegative(long... values) {
        for (long value : values) {
            if (value < 0) {
                throw new IllegalArgumentException("a time, rate or size is negative: " + value);
            }
        }
    }

    private static void requireProbability(double... values) {
        for (double value : values) {
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException("not a probability: " + value);
            }
        }
    }

    /** The same values, open to a change. */
    private static final class Draft {
        private long delayNanos;
        private long jitterNanos;
        private double loss;
        private double burstStart;
        private double burstEnd;
        private double reorder;
        private long reorderNanos;
        private double duplicate;
        private double corrupt;
        private long rateBitsPerSecond;
        private long queueBytes;
        private int overheadBytes;
        private int mtuBytes;

        Draft(LinkConditions from) {
            delayNanos = from.delayNanos;
            jitterNanos = from.jitterNanos;
            loss = from.loss;
            burstStart = from.burstStart;
            burstEnd = from.burstEnd;
            reorder = from.reorder;
            reorderNanos = from.reorderNanos;
            duplicate = from.duplicate;
            corrupt = from.corrupt;
            rateBitsPerSecond = from.rateBitsPerSecond;
            queueBytes = from.queueBytes;
            overheadBytes = from.overheadBytes;
            mtuBytes = from.mtuBytes;
        }
    }

    private LinkConditions with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new LinkConditions(
                draft.delayNanos,
                draft.jitterNanos,
                draft.loss,
                draft.burstStart,
                draft.burstEnd,
                draft.reorder,
                draft.reorderNanos,
                draft.duplicate,
                draft.corrupt,
                draft.rateBitsPerSecond,
                draft.queueBytes,
                draft.overheadBytes,
                draft.mtuBytes);
    }
}
