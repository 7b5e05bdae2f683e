package dev.tandem.utp.paired;

/**
 * The receive window of a connection that is relayed into a session, and the kernel's buffer behind it. What waits there is delay to
 * whoever wrote it; and tor (its scheduler KIST) writes the more ahead the more is on its way to us at once. So the window is what
 * the session takes in three milliseconds. But it must never be what holds the session back: tor writes every few milliseconds, and
 * cannot write more than the window lets through; when the carrier takes much of it in each of some turns of the event loop, it grows
 * at once. In one turn alone that says only that the turn came late.
 *
 * <p>The buffer has room for more than the window, since the kernel's own books take some of it: with less it would throw away what
 * came within the window, and the other side's congestion window would not recover from that for seconds.
 */
final class InputWindow {
    static final int MIN_BYTES = 4 * 1024;
    static final int MAX_BYTES = 128 * 1024;

    private static final int MIN_BUFFER_BYTES = 16 * 1024;
    private static final double WINDOW_NANOS = 3e6;
    private static final long UPDATE_NANOS = 50_000_000;
    private static final int STARVED_TURNS = 3;
    private static final double GROWTH = 1.25;

    private int bytes = MIN_BYTES;
    private int bufferBytes = bufferBytes(MIN_BYTES);
    private int turnBytes;
    private int starvedTurns;
    private boolean started;
    private boolean heldBack;
    private long sinceNanos;
    private long readBytes;

    /** What the kernel is to be asked for with such a window. */
    static int bufferBytes(int windowBytes) {
        return Math.max(MIN_BUFFER_BYTES, 2 * windowBytes);
    }

    /** So much was read. */
    void onRead(int count) {
        turnBytes += count;
    }

    /** The window. */
    int bytes() {
        return bytes;
    }

    /** The buffer behind it. */
    int bufferBytes() {
        return bufferBytes;
    }

    /**
     * A turn of reading is over.
     *
     * @param writable whether the session would take more
     * @return whether {@link #bytes} or {@link #bufferBytes} has changed
     */
    boolean onReadComplete(boolean writable, long nowNanos) {
        int turn = turnBytes;
        turnBytes = 0;
        readBytes += turn;
        heldBack |= !writable;
        starvedTurns = writable && turn > bytes / 2 ? starvedTurns + 1 : 0;
        if (starvedTurns == STARVED_TURNS) {
            starvedTurns = 0;
            begin(nowNanos);
            return grow(2.0 * bytes);
        }
        if (!started) {
            begin(nowNanos);
            return false;
        }
        return nowNanos - sinceNanos >= UPDATE_NANOS && update(nowNanos);
    }

    private boolean update(long nowNanos) {
        double takenSoon = readBytes * (WINDOW_NANOS / (nowNanos - sinceNanos));
        boolean wasHeldBack = heldBack;
        begin(nowNanos);
        if (takenSoon > bytes) {
            return grow(GROWTH * takenSoon);
        }
        // A writer that is slow by itself leaves the buffer empty, whatever its size.
        if (wasHeldBack && bytes > MIN_BYTES && takenSoon < bytes / 2.0) {
            bytes = Math.max(MIN_BYTES, (int) takenSoon);
            return true;
        }
        // Some time after the window: what was on its way in the larger one has arrived.
        if (bufferBytes > bufferBytes(bytes)) {
            bufferBytes = bufferBytes(bytes);
            return true;
        }
        return false;
    }

    private boolean grow(double wanted) {
        int before = bytes;
        bytes = (int) Math.min(MAX_BYTES, wanted);
        bufferBytes = Math.max(bufferBytes, bufferBytes(bytes));
        return bytes != before;
    }

    private void begin(long nowNanos) {
        started = true;
        sinceNanos = nowNanos;
        readBytes = 0;
        heldBack = false;
    }
}
