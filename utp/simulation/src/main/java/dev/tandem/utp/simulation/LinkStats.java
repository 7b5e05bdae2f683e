package dev.tandem.utp.simulation;

/**
 * What became of the packets sent into a {@link Link} so far.
 *
 * @param sent packets sent
 * @param delivered packets handed out, duplicates included
 * @param lost packets lost at random or in a burst
 * @param filtered packets that a test's filter took
 * @param queueDrops packets that found the queue full
 * @param tooLarge packets above the MTU
 * @param duplicated packets that arrived twice
 * @param reordered packets held back
 * @param corrupted packets changed on the way
 * @param maxQueueNanos the longest that a packet waited for its turn
 */
public record LinkStats(
        long sent,
        long delivered,
        long lost,
        long filtered,
        long queueDrops,
        long tooLarge,
        long duplicated,
        long reordered,
        long corrupted,
        long maxQueueNanos) {}
