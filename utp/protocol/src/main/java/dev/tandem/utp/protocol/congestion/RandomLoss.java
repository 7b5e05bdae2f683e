package dev.tandem.utp.protocol.congestion;

/**
 * How much is lost however slowly one sends. It counts what was sent behind each probe for bandwidth, at less than the rate
 * of the path: losses that a queue or a policer makes are gone then, and those of a bad radio link are not.
 */
final class RandomLoss {
    /** More than that is not made up for. */
    private static final double MAX_SHARE = 0.15;

    /** Older rounds count less, so that about so many bytes do. */
    private static final double MEMORY_BYTES = 1 << 20;

    private double lostBytes;
    private double sentBytes;

    /** Rounds until the one that shows what was sent slowly; below 0 if none is awaited. */
    private int rounds = -1;

    /** From now on less is sent than the path takes. */
    void begin() {
        rounds = 1;
    }

    /** A round has passed, in which so much was found lost and delivered. */
    void onRound(long lost, long delivered) {
        if (rounds-- != 0) {
            rounds = Math.max(-1, rounds);
            return;
        }
        double keep = Math.max(0, 1 - (lost + delivered) / MEMORY_BYTES);
        lostBytes = lostBytes * keep + lost;
        sentBytes = sentBytes * keep + lost + delivered;
    }

    /** The share that is lost; 0 while nothing is known. */
    double share() {
        return sentBytes == 0 ? 0 : lostBytes / sentBytes;
    }

    /** How much has to be sent for each byte that shall arrive: 1 or more. */
    double makeUp() {
        return 1 / (1 - Math.min(MAX_SHARE, share()));
    }
}
