package dev.tandem.utp.paired;

/**
 * The receive window of a connection that is relayed into a session, and the kernel's buffer behind it. What waits there is delay to
 * whoever wrote it; and tor (its scheduler KIST) writes the more ahead the more is on its way to us at once. So the window is what
 * the session takes in three milliseconds. But it must never be what holds the session back: tor writes every few milliseconds, and
 * cannot write more than the window lets through; when the carrier takes much of it in each of some turns of the event loop, for as
 * long as tor waits between two writes, it grows at once. In one turn alone that says only that the turn came late; and what fits
 * into an empty session within less than that time says nothing of how fast the carrier is. Each growth for nothing stays: tor's congestion
 * window follows it, and hardly shrinks again.
 *
 * <p>The buffer has room for more than the window, since the kernel's own books take some of it: with less it would throw away what
 * came within the window, and the other side's congestion window would not recover from that for seconds. Much more would not do
 * either: the window bounds what may come beyond what is unread, and only the buffer bounds that.
 *
 * <p>The kernel has to be told of the window again and again: Linux (6.6 and later) takes as large a one as the buffer allows whenever
 * it finds that packets have another size than it believed, and tells nobody.
 */
final class InputWindow {
    static final int MIN_BYTES = 4 * 1024;
    static final int MAX_BYTES = 128 * 1024;

    private static final int MIN_BUFFER_BYTES = 12 * 1024;
    private static final double WINDOW_NANOS = 3e6;
    private static final long UPDATE_NANOS = 50_000_000;
    private static final long RENEWAL_NANOS = 1_000_000;
    private static final int STARVED_TURNS = 3;
    /** tor's scheduler writes each three milliseconds. */
    private static final long STARVED_NANOS = 3_000_000;

    /** Turns that are further apart are answers to requests, each by itself. */
    private static final long STARVED_GAP_NANOS = 50_000_000;

    private static final double BUFFER_OF_WINDOW = 1.5;
    private static final double GROWTH = 1.25;

    private int bytes = MIN_BYTES;
    private int bufferBytes = bufferBytes(MIN_BYTES);
    private int turnBytes;
    private int starvedTurns;
    private long starvedSinceNanos;
    private long lastStarvedNanos;
    private boolean started;
    private boolean heldBack;
    private long sinceNanos;
    private long readBytes;
    private long renewedNanos;

    /** What the kernel is to be asked for with such a window. */
    static int bufferBytes(int windowBytes) {
        return Math.max(MIN_BUFFER_BYTES, (int) (BUFFER_OF_WINDOW * windowBytes));
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
        if (isStarved(writable && turn > bytes / 2, nowNanos)) {
            starvedTurns = 0;
            begin(nowNanos);
            return grow(2.0 * bytes);
        }
        if (!started) {
            renewedNanos = nowNanos;
            begin(nowNanos);
            return false;
        }
        return nowNanos - sinceNanos >= UPDATE_NANOS && update(nowNanos);
    }

    /** Whether the kernel is to be told of the window again, for it may have forgotten it. */
    boolean isRenewalDue(long nowNanos) {
        if (nowNanos - renewedNanos < RENEWAL_NANOS) {
            return false;
        }
        renewedNanos = nowNanos;
        return true;
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

    private boolean isStarved(boolean inThisTurn, long nowNanos) {
        if (!inThisTurn) {
            starvedTurns = 0;
            return false;
        }
        if (starvedTurns == 0 || nowNanos - lastStarvedNanos > STARVED_GAP_NANOS) {
            starvedTurns = 0;
            starvedSinceNanos = nowNanos;
        }
        lastStarvedNanos = nowNanos;
        starvedTurns++;
        return starvedTurns >= STARVED_TURNS && nowNanos - starvedSinceNanos >= STARVED_NANOS;
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
