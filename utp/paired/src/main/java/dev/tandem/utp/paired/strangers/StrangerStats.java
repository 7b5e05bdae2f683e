package dev.tandem.utp.paired.strangers;

/**
 * What a server counted of strangers since it was made.
 *
 * @param strangers TCP connections without a good marker
 * @param replays those of them that brought a marker which had come before
 * @param overBound those of them that had to wait, or were closed, because there were too many
 * @param decoyFailures connections to the decoy that failed
 * @param markersForgotten markers forgotten before their time because there were too many
 * @param present TCP connections at this moment that are strangers, or may be
 */
public record StrangerStats(
        long strangers, long replays, long overBound, long decoyFailures, long markersForgotten, int present) {}
