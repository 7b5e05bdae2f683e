package dev.tandem.utp.protocol.congestion;

/** Whose queue it is that the delays show: ours alone, or also that of others, who would fill what we leave. */
final class QueueOwner {
    /** At the latest so many probes later it is looked at again whether we are alone, which costs some of our share. */
    private static final int MAX_SHARED_PROBES = 64;

    /** A queue that became no smaller than that, of what it was, although we gave way to losses, is held by somebody who does not. */
    private static final double UNMOVED_QUEUE = 0.4;

    private static final int MIN_ROUNDS_BETWEEN_LOSSES = 3;

    /** So many times in a row, but for exceptions, and it is no chance. */
    private static final int MAX_UNANSWERED = 6;

    /** For so many rounds losses are then not answered, twice as many each time. */
    private static final int MIN_DEAF_ROUNDS = 256;

    private static final int MAX_DEAF_ROUNDS = 1_024;

    /** For so many probes more others are taken to hold a queue that does not go when ours goes. */
    private int sharedProbes;

    /** What that number was last. */
    private int patience = 1;

    /** The queue since the last losses, and how often it stayed although we gave way. */
    private long leastSinceLossMicros = Long.MAX_VALUE;

    private long mostSinceLossMicros;
    private int roundsSinceLoss;
    private int unanswered;

    /** For so many rounds more losses are not answered, and how many that were last. */
    private int deafRounds;

    private int lastDeafRounds;

    /** Whether others are there: then our share of the queue cannot be told from theirs. */
    boolean isShared() {
        return sharedProbes > 0;
    }

    /** Whether giving way moves nothing: beside one that answers no loss (BBR version 1) we would be left with nearly nothing. */
    boolean isUnmoved() {
        return deafRounds > 0;
    }

    /** A probe ended while others were taken to be there. */
    void onSharedProbe() {
        sharedProbes--;
    }

    /** The queue of our probe has had time to go; whether there is one still. */
    void onDrained(boolean left) {
        patience = left ? Math.min(2 * patience, MAX_SHARED_PROBES) : 1;
        sharedProbes = left ? patience : 0;
    }

    /**
     * A round has passed.
     *
     * @return whether losses are not to be answered from now on
     */
    boolean onRound(boolean congested, long queueMicros) {
        deafRounds = Math.max(0, deafRounds - 1);
        roundsSinceLoss++;
        mostSinceLossMicros = Math.max(mostSinceLossMicros, queueMicros);
        if (!congested) {
            leastSinceLossMicros = Math.min(leastSinceLossMicros, queueMicros);
            return false;
        }
        boolean becomesDeaf = false;
        if (deafRounds == 0 && roundsSinceLoss > MIN_ROUNDS_BETWEEN_LOSSES) {
            boolean unmoved = leastSinceLossMicros > UNMOVED_QUEUE * mostSinceLossMicros;
            unanswered = unmoved ? unanswered + 1 : Math.max(0, unanswered - 1);
            if (unanswered == 0) {
                lastDeafRounds = 0;
            } else if (unanswered >= MAX_UNANSWERED) {
                unanswered = 0;
                lastDeafRounds = Math.max(MIN_DEAF_ROUNDS, Math.min(2 * lastDeafRounds, MAX_DEAF_ROUNDS));
                deafRounds = lastDeafRounds;
                becomesDeaf = true;
            }
        }
        roundsSinceLoss = 0;
        leastSinceLossMicros = Long.MAX_VALUE;
        mostSinceLossMicros = queueMicros;
        return becomesDeaf;
    }
}
