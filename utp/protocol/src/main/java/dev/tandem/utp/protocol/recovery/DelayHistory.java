package dev.tandem.utp.protocol.recovery;

/**
 * One-way delays of our packets as the peer measured them, and how much of that is queueing (RFC 6817, 2.4.2). The two
 * clocks are unrelated and the values wrap at 32 bits, so only differences mean anything.
 *
 * <p>The base delay is the least of each of the last thirteen minutes, as in libutp, so that it follows a change of
 * path or a drift of the clocks; the current delay is the least of the last three samples.
 */
public final class DelayHistory {
    /** A peer that has measured nothing yet sends one of these. */
    private static final int NO_SAMPLE = 0;

    private static final int NO_SAMPLE_LIBUTP = 0x7fffffff;

    private static final long MINUTE_NANOS = 60_000_000_000L;
    private static final int MINUTES = 13;
    private static final int CURRENT_SAMPLES = 3;

    private static final int[] NO_SAMPLES = {};

    /** Both are made with the first sample: a peer that sends nothing but a SYN gets no storage. */
    private int[] minuteBase = NO_SAMPLES;

    private int[] current = NO_SAMPLES;
    private int minutesUsed;
    private int minuteIndex;
    private long minuteEndNanos;

    private int currentUsed;
    private int currentIndex;

    /**
     * Takes the timestamp difference of a received packet.
     *
     * @return false if the peer says that it has no sample
     */
    public boolean sample(long nowNanos, int differenceMicros) {
        if (differenceMicros == NO_SAMPLE || differenceMicros == NO_SAMPLE_LIBUTP) {
            return false;
        }
        if (minutesUsed == 0) {
            minuteBase = new int[MINUTES];
            current = new int[CURRENT_SAMPLES];
            minutesUsed = 1;
            minuteBase[0] = differenceMicros;
            minuteEndNanos = nowNanos + MINUTE_NANOS;
        } else if (nowNanos - minuteEndNanos >= 0) {
            minuteIndex = (minuteIndex + 1) % MINUTES;
            minutesUsed = Math.min(MINUTES, minutesUsed + 1);
            minuteBase[minuteIndex] = differenceMicros;
            minuteEndNanos = nowNanos + MINUTE_NANOS;
        } else if (isLess(differenceMicros, minuteBase[minuteIndex])) {
            minuteBase[minuteIndex] = differenceMicros;
        }
        current[currentIndex] = differenceMicros;
        currentIndex = (currentIndex + 1) % CURRENT_SAMPLES;
        currentUsed = Math.min(CURRENT_SAMPLES, currentUsed + 1);
        return true;
    }

    /** Current delay above the base delay in µs, 0 before the first sample. */
    public long queueingDelayMicros() {
        if (minutesUsed == 0) {
            return 0;
        }
        return Math.max(0, least(current, currentUsed) - least(minuteBase, minutesUsed));
    }

    private static int least(int[] values, int used) {
        int least = values[0];
        for (int i = 1; i < used; i++) {
            if (isLess(values[i], least)) {
                least = values[i];
            }
        }
        return least;
    }

    private static boolean isLess(int a, int b) {
        return a - b < 0;
    }
}
