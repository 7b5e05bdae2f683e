package dev.tandem.utp.simulation;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Draws the {@link Fate} of each packet. Every impairment has a stream of its own, and every packet takes the same
 * number of draws from each whether the impairment is on or not: so switching one on, or changing it half-way, leaves
 * the decisions of all others as they were.
 */
final class FateSource {
    private final RandomGenerator loss;
    private final RandomGenerator burst;
    private final RandomGenerator jitter;
    private final RandomGenerator reordering;
    private final RandomGenerator duplication;
    private final RandomGenerator corruption;
    private final RandomGenerator corruptedContent;
    private boolean inBurst;

    FateSource(long seed) {
        // The order is part of what a seed means: new streams go to the end.
        SplittableRandom root = new SplittableRandom(seed);
        loss = root.split();
        burst = root.split();
        jitter = root.split();
        reordering = root.split();
        duplication = root.split();
        corruption = root.split();
        corruptedContent = root.split();
    }

    Fate next(LinkConditions conditions) {
        boolean lostAlone = loss.nextDouble() < conditions.lossProbability();
        boolean lostInBurst = burstTakesNext(conditions);
        long jitterNanos = (long) (jitter.nextDouble() * (conditions.jitterNanos() + 1));
        boolean heldBack = reordering.nextDouble() < conditions.reorderProbability();
        boolean duplicated = duplication.nextDouble() < conditions.duplicationProbability();
        boolean corrupted = corruption.nextDouble() < conditions.corruptionProbability();
        return new Fate(
                lostAlone || lostInBurst,
                corrupted,
                duplicated,
                jitterNanos,
                heldBack ? conditions.reorderDelayNanos() : 0);
    }

    /** What a corrupter may draw from, as much as it likes. */
    RandomGenerator corruptedContent() {
        return corruptedContent;
    }

    private boolean burstTakesNext(LinkConditions conditions) {
        double change = burst.nextDouble();
        double lossDraw = burst.nextDouble();
        if (inBurst) {
            inBurst = change >= conditions.burstLeaveProbability();
        } else {
            inBurst = change < conditions.burstEnterProbability();
        }
        return inBurst && lossDraw < conditions.burstLossProbability();
    }
}
