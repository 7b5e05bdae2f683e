package dev.tandem.utp.paired.measure;

/**
 * What came one way.
 *
 * @param bytes how many
 * @param nanos from the first to the last
 */
public record Rate(long bytes, long nanos) {
    /** 0 if it all came at one moment. */
    public double megabitsPerSecond() {
        return nanos <= 0 ? 0 : bytes * 8e3 / nanos;
    }
}
