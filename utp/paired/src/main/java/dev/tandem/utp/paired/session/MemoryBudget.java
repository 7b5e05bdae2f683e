package dev.tandem.utp.paired.session;

/**
 * The memory that all sessions of a server may take together. What one session may hold in one direction is a part of what
 * is free: while that is much, the session's own bound is the lower one; the less it is, the less each may hold. So who
 * fills it cannot have all, those beside him may hold as much as he, and nobody waits for him. Only what comes within credit
 * that was given before can exceed the budget; then its owner makes room. On one event loop.
 */
public final class MemoryBudget {
    /** What a session takes that holds nothing, its two carriers included, in bytes of heap; 20.6 KiB were measured. */
    public static final int SESSION_BYTES = 24 * 1024;

    /** Of what is free, one session may hold one part in each direction. */
    private static final int SHARES = 16;
    /** One such part of the whole budget is not for sessions that hold nothing. */
    private static final int RESERVED_PARTS = 8;

    private final long maxBytes;
    private long usedBytes;
    private long sessions;

    /** @param maxBytes most bytes, 1 or more */
    public MemoryBudget(long maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("a bound must be 1 or more");
        }
        this.maxBytes = maxBytes;
    }

    /** One without a bound, for sessions that have but their own. */
    public static MemoryBudget unbounded() {
        return new MemoryBudget(Long.MAX_VALUE);
    }

    /** Whether there is room for one session more. What other sessions hold does not count: they can be made to give it back. */
    public boolean hasRoomForSession() {
        return (sessions + 1) * SESSION_BYTES <= maxBytes - maxBytes / RESERVED_PARTS;
    }

    public void sessionOpened() {
        sessions++;
        take(SESSION_BYTES);
    }

    public void sessionClosed() {
        sessions--;
        giveBack(SESSION_BYTES);
    }

    /** Whether more is taken than there is. */
    public boolean isExceeded() {
        return usedBytes > maxBytes;
    }

    /** What is taken now, in bytes. */
    public long usedBytes() {
        return usedBytes;
    }

    /**
     * How much a session may hold in one direction now.
     *
     * @param most its own bound, in bytes
     * @param least what it may hold however little is free, in bytes; or {@code most}, if that is less
     */
    int share(int most, int least) {
        long free = Math.max(0, maxBytes - usedBytes);
        return (int) Math.max(Math.min(most, least), Math.min(most, free / SHARES));
    }

    void take(int bytes) {
        usedBytes += bytes;
    }

    void giveBack(int bytes) {
        usedBytes -= bytes;
    }
}
