package dev.tandem.utp.simulation;

/** What can happen to a packet on a {@link Link}. */
public enum LinkEvent {
    /** Given to the link; whatever else becomes of it follows. */
    SENT,
    /** Taken by the predicate of {@link Link#dropIf}. */
    DROPPED_BY_SCRIPT,
    /** Larger than the MTU. */
    DROPPED_BY_MTU,
    /** Found the queue full. */
    DROPPED_BY_QUEUE,
    /** Will not arrive; reported when it is sent. */
    LOST,
    /** Will arrive corrupted; reported when it is sent. */
    CORRUPTED,
    /** Will arrive twice; reported when it is sent. */
    DUPLICATED,
    /** Taken from the link by its reader. */
    DELIVERED
}
