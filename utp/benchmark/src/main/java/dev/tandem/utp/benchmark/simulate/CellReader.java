package dev.tandem.utp.benchmark.simulate;

import io.netty.buffer.ByteBuf;

/**
 * Finds tor's cells in a stream of bytes. Each is {@link #CELL_BYTES} long and begins with its number in the stream and with one
 * word of its sender's; so bytes that are missing, double or out of order do not pass.
 */
final class CellReader {
    /** tor-spec: a cell of fixed length on a link of version 4 or later. */
    static final int CELL_BYTES = 514;

    /** tor-spec: what a relay cell of version 0 carries of a stream. */
    static final int CELL_DATA_BYTES = 498;

    private static final int HEADER_BYTES = 2 * Long.BYTES;

    /** Told of each cell, once all of it is there. */
    interface Listener {
        /**
         * The next cell has come.
         *
         * @param word what its sender has written behind the number
         */
        void onCell(long word);
    }

    private final Listener listener;
    private long next;
    private int offset;
    private long number;
    private long word;

    CellReader(Listener listener) {
        this.listener = listener;
    }

    /** Appends a cell. */
    static void write(ByteBuf out, long number, long word) {
        out.writeLong(number).writeLong(word).writeZero(CELL_BYTES - HEADER_BYTES);
    }

    /** Whole cells that came. */
    long cells() {
        return next;
    }

    /**
     * Takes the next bytes, all of them.
     *
     * @throws IllegalStateException if a cell is not the next one
     */
    void read(ByteBuf bytes) {
        while (bytes.isReadable()) {
            if (offset == 0 && bytes.readableBytes() >= HEADER_BYTES) {
                number = bytes.readLong();
                word = bytes.readLong();
                offset = HEADER_BYTES;
            } else if (offset < HEADER_BYTES) {
                long value = bytes.readUnsignedByte();
                if (offset < Long.BYTES) {
                    number = number << Byte.SIZE | value;
                } else {
                    word = word << Byte.SIZE | value;
                }
                offset++;
            } else {
                int step = Math.min(bytes.readableBytes(), CELL_BYTES - offset);
                bytes.skipBytes(step);
                offset += step;
            }
            if (offset == CELL_BYTES) {
                finish();
            }
        }
    }

    private void finish() {
        if (number != next) {
            throw new IllegalStateException("cell " + number + " in the place of " + next);
        }
        next++;
        offset = 0;
        listener.onCell(word);
    }
}
