package dev.tandem.utp.simulation;

/**
 * What a {@link Link} has counted so far. Every packet sent has been dropped for one reason, lost, delivered, or is
 * {@code inFlight}: {@code sent + duplicated = droppedByScript + droppedByMtu + droppedByQueue + lost + delivered +
 * inFlight}.
 *
 * @param sent packets given to the link
 * @param sentBytes bytes of payload given to the link
 * @param delivered packets taken from the link, copies included
 * @param deliveredBytes bytes of payload taken from the link, copies included
 * @param lost packets lost at random, in bursts or by themselves
 * @param droppedByScript packets that the predicate of {@link Link#dropIf} took
 * @param droppedByMtu packets that were too large
 * @param droppedByQueue packets that found the queue full
 * @param duplicated copies made
 * @param corrupted packets corrupted; those that were lost as well do not count
 * @param reordered packets delivered after one that had been sent later; copies do not count
 * @param inFlight packets accepted and neither lost nor delivered so far, copies included
 * @param queuedBytes bytes in the queue, overhead included, at the last time given to the link
 * @param maxQueuedBytes most bytes ever in the queue
 * @param maxQueueDelayNanos longest time that a packet has spent in the queue
 */
public record LinkStats(
        long sent,
        long sentBytes,
        long delivered,
        long deliveredBytes,
        long lost,
        long droppedByScript,
        long droppedByMtu,
        long droppedByQueue,
        long duplicated,
        long corrupted,
        long reordered,
        long inFlight,
        long queuedBytes,
        long maxQueuedBytes,
        long maxQueueDelayNanos) {}
