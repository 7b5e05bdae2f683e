package dev.tandem.utp.paired;

/**
 * The kernel's receive buffer of a connection that is relayed into a session. What waits in it is delay to whoever wrote it, so it
 * holds what the session takes in five milliseconds. But it must never be what holds the session back: when the carrier takes more
 * than half a buffer in each of some turns of the event loop, it grows. In one alone that says only that the turn came late.
 */
final class InputBuffer {
    /** The kernel keeps about half of it for its own account, and then doubles what it is asked for. */
    static final int MIN_BYTES = 8 * 1024;

    static final int MAX_BYTES = 256 * 1024;
    private static final double BUFFERED_NANOS = 5e6;
    private static final long UPDATE_NANOS = 50_000_000;
    private static final int STARVED_TURNS = 3;

    private int bytes = MIN_BYTES;
    private int turnBytes;
    private int starvedTurns;
    private boolean started;
    private boolean heldBack;
    private long sinceNanos;
    private long readBytes;

    /** So much was read. */
    void onRead(int count) {
        turnBytes += count;
    }

    /** What the kernel is to be asked for. */
    int bytes() {
        return bytes;
    }

    /**
     * A turn of reading is over.
     *
     * @param writable whether the session would take more
     * @return whether {@link #bytes} has changed
     */
    boolean onReadComplete(boolean writable, long nowNanos) {
        int turn = turnBytes;
        turnBytes = 0;
        readBytes += turn;
        heldBack |= !writable;
        int before = bytes;
        starvedTurns = writable && turn > bytes / 2 ? starvedTurns + 1 : 0;
        if (starvedTurns == STARVED_TURNS) {
            starvedTurns = 0;
            bytes = Math.min(MAX_BYTES, 2 * bytes);
            begin(nowNanos);
        } else if (!started) {
            begin(nowNanos);
        } else if (nowNanos - sinceNanos >= UPDATE_NANOS) {
            double takenSoon = readBytes * (BUFFERED_NANOS / (nowNanos - sinceNanos));
            // A writer that is slow by itself leaves the buffer empty, whatever its size.
            if (heldBack && takenSoon < bytes / 2.0) {
                bytes = Math.max(MIN_BYTES, (int) takenSoon);
            }
            begin(nowNanos);
        }
        return bytes != before;
    }

    private void begin(long nowNanos) {
        started = true;
        sinceNanos = nowNanos;
        readBytes = 0;
        heldBack = false;
    }
}
