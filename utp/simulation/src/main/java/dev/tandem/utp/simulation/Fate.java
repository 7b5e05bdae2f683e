package dev.tandem.utp.simulation;

/** What chance has in store for one packet. */
record Fate(boolean lost, boolean corrupted, boolean duplicated, long jitterNanos, long heldBackNanos) {}
