package dev.tandem.utp.paired.strangers;

/** Why a caller is no client. */
public enum Stranger {
    /** What it sent first has no good marker in it. */
    NO_MARKER,
    /** Its marker is good, and came before. */
    REPLAYED,
    /** There were too many already. It waits, or was closed. */
    OVER_BOUND
}
