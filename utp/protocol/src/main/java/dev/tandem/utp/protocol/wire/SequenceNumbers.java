package dev.tandem.utp.protocol.wire;

/** Arithmetic of 16-bit sequence numbers, which wrap from 65,535 to 0 (BEP 29, "seq_nr"). */
public final class SequenceNumbers {
    /** The largest sequence number, and the mask that wraps one. */
    public static final int MASK = 0xffff;

    private SequenceNumbers() {}

    /** {@code seqNr + count}, wrapped; {@code count} may be negative. */
    public static int plus(int seqNr, int count) {
        return (seqNr + count) & MASK;
    }

    /** How far {@code to} lies ahead of {@code from}: -32,768 to 32,767, negative if it lies behind. */
    public static int distance(int from, int to) {
        return (short) (to - from);
    }

    /** Whether {@code a} comes before {@code b}. */
    public static boolean isBefore(int a, int b) {
        return distance(a, b) > 0;
    }
}
