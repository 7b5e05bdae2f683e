package dev.tandem.utp.emulation;

/** Counts delays by whole milliseconds; what is longer than the last bucket counts there. */
final class DelayHistogram {
    /** Four seconds: more than any queue that a person would wait in. */
    static final int BUCKETS = 4_096;

    private static final long MILLI_NANOS = 1_000_000L;

    private final long[] counts = new long[BUCKETS];
    private long totalNanos;
    private long count;

    void add(long nanos) {
        counts[(int) Math.min(nanos / MILLI_NANOS, BUCKETS - 1)]++;
        totalNanos += nanos;
        count++;
    }

    long count() {
        return count;
    }

    long totalNanos() {
        return totalNanos;
    }

    /** Appends the buckets that are not empty as {@code "ms":count,...}. */
    void appendTo(StringBuilder json) {
        json.append('{');
        String separator = "";
        for (int i = 0; i < BUCKETS; i++) {
            if (counts[i] > 0) {
                json.append(separator).append('"').append(i).append("\":").append(counts[i]);
                separator = ",";
            }
        }
        json.append('}');
    }
}
