package dev.tandem.utp.protocol.stream;

import java.nio.ByteBuffer;

/**
 * A window on a byte stream: bytes are appended at {@link #end()}, copied from anywhere, and released from
 * {@link #start()}. Storage grows by doubling as it fills, until {@link #trim} gives it back.
 */
public final class ByteRing {
    private static final int INITIAL_BYTES = 4 << 10;
    private static final byte[] NO_BYTES = {};

    /** Its length is zero or a power of two; stream offset o lives at index o modulo the length. */
    private byte[] bytes = NO_BYTES;

    private long start;
    private long end;

    /** Stream offset of the first byte held. */
    public long start() {
        return start;
    }

    /** Stream offset behind the last byte held. */
    public long end() {
        return end;
    }

    /** Bytes held. */
    public int size() {
        return (int) (end - start);
    }

    /** Appends {@code count} bytes from the source, which must have them. */
    public void append(ByteBuffer source, int count) {
        if (count > 0) {
            reserve(size() + count);
            int index = index(end);
            int first = Math.min(count, bytes.length - index);
            source.get(bytes, index, first);
            source.get(bytes, 0, count - first);
            end += count;
        }
    }

    /** Appends all of an array. */
    public void append(byte[] source) {
        if (source.length > 0) {
            reserve(size() + source.length);
            int index = index(end);
            int first = Math.min(source.length, bytes.length - index);
            System.arraycopy(source, 0, bytes, index, first);
            System.arraycopy(source, first, bytes, 0, source.length - first);
            end += source.length;
        }
    }

    /** Copies {@code count} held bytes that begin at a stream offset. */
    public void copyTo(long offset, int count, ByteBuffer target) {
        if (offset < start || offset + count > end) {
            throw new IllegalArgumentException("bytes that are not held");
        }
        if (count > 0) {
            int index = index(offset);
            int first = Math.min(count, bytes.length - index);
            target.put(bytes, index, first);
            target.put(bytes, 0, count - first);
        }
    }

    /** Forgets the bytes before a stream offset. */
    public void releaseTo(long offset) {
        if (offset < start || offset > end) {
            throw new IllegalArgumentException("bytes that are not held");
        }
        start = offset;
    }

    /** Whether {@link #trim} would give something back. */
    public boolean isTrimmable() {
        return start == end && bytes.length > 0;
    }

    /** Gives the storage back, if no bytes are held. */
    public void trim() {
        if (start == end) {
            bytes = NO_BYTES;
        }
    }

    private int index(long offset) {
        return (int) (offset & (bytes.length - 1));
    }

    private void reserve(int size) {
        if (size <= bytes.length) {
            return;
        }
        byte[] larger = new byte[Math.max(INITIAL_BYTES, Integer.highestOneBit(size - 1) << 1)];
        long offset = start;
        while (offset < end) {
            int from = index(offset);
            int to = (int) (offset & (larger.length - 1));
            int run = (int) Math.min(end - offset, Math.min(bytes.length - from, larger.length - to));
            System.arraycopy(bytes, from, larger, to, run);
            offset += run;
        }
        bytes = larger;
    }
}
