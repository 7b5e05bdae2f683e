package dev.tandem.utp.paired.measure;

import io.netty.buffer.ByteBuf;

/** Reads what a {@link Fill} writes, in whatever pieces it comes, and keeps none of it. */
final class FillReader {
    /** Where it is. */
    enum State {
        MORE,
        /** The empty block was read. */
        OVER,
        /** There was more than there may be. */
        TOO_MUCH
    }

    /** Of the next block's length, if one byte of two has been read. */
    private int firstByte = -1;

    private int left;
    private long bytes;
    private long firstNanos;
    private long lastNanos;

    /** Reads up to the end of the empty block; what is behind it stays in the buffer. */
    State read(ByteBuf in, long nowNanos) {
        int start = in.readerIndex();
        boolean over = skipBlocks(in);
        if (bytes == 0) {
            firstNanos = nowNanos;
        }
        lastNanos = nowNanos;
        bytes += in.readerIndex() - start;
        if (bytes > Fill.MAX_BYTES) {
            return State.TOO_MUCH;
        }
        return over ? State.OVER : State.MORE;
    }

    /** Whether the empty block was among them. */
    private boolean skipBlocks(ByteBuf in) {
        while (in.isReadable()) {
            if (left > 0) {
                int step = Math.min(left, in.readableBytes());
                in.skipBytes(step);
                left -= step;
            } else if (firstByte < 0) {
                firstByte = in.readUnsignedByte();
            } else {
                left = firstByte << 8 | in.readUnsignedByte();
                firstByte = -1;
                if (left == 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** What came so far. */
    Rate rate() {
        return new Rate(bytes, lastNanos - firstNanos);
    }
}
