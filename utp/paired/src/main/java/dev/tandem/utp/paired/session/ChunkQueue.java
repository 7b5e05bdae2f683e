package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive bytes of a session, from {@link #start} to {@link #end}, copied into chunks of our own: a small piece of
 * a large read buffer must not keep the whole of it. The chunks are counted in the budget. Empty, it holds nothing but this object.
 */
final class ChunkQueue {
    private static final int SMALL_CHUNK = 1024;
    private static final int LARGE_CHUNK = 16 * 1024;

    private static final Chunk[] NONE = new Chunk[0];

    private static final class Chunk {
        /** The session offset of the buffer's byte 0. */
        final long origin;

        final ByteBuf buffer;

        Chunk(long origin, ByteBuf buffer) {
            this.origin = origin;
            this.buffer = buffer;
        }

        long end() {
            return origin + buffer.writerIndex();
        }
    }

    private final ByteBufAllocator allocator;
    private final MemoryBudget memory;
    /** A ring; its length is zero or a power of two. */
    private @Nullable Chunk[] ring = NONE;

    private int head;
    private int count;
    private long start;
    private long end;

    ChunkQueue(ByteBufAllocator allocator, MemoryBudget memory, long start) {
        this.allocator = allocator;
        this.memory = memory;
        this.start = start;
        this.end = start;
    }

    long start() {
        return start;
    }

    long end() {
        return end;
    }

    /** Copies bytes to the end. */
    void append(ByteBuf in, int index, int length) {
        int at = index;
        int left = length;
        while (left > 0) {
            Chunk tail = count == 0 ? null : chunk(count - 1);
            if (tail == null || !tail.buffer.isWritable()) {
                // Sessions mostly hold a few cells: large chunks only for those that hold more.
                int size = left > SMALL_CHUNK || end - start >= LARGE_CHUNK ? LARGE_CHUNK : SMALL_CHUNK;
                tail = new Chunk(end, allocator.heapBuffer(size, size));
                memory.take(size);
                add(tail);
            }
            int step = Math.min(left, tail.buffer.writableBytes());
            tail.buffer.writeBytes(in, at, step);
            at += step;
            left -= step;
            end += step;
        }
    }

    /** Copies bytes out, which stay; the range must lie within start and end. */
    void copyTo(long offset, int length, ByteBuf out) {
        long at = offset;
        int left = length;
        for (int i = indexOf(offset); left > 0; i++) {
            Chunk chunk = chunk(i);
            int step = (int) Math.min(left, chunk.end() - at);
            out.writeBytes(chunk.buffer, (int) (at - chunk.origin), step);
            at += step;
            left -= step;
        }
    }

    /** Frees what lies before the offset, which must not be behind the end. */
    void dropUntil(long offset) {
        start = Math.max(start, offset);
        while (count > 0 && chunk(0).end() <= start) {
            takeHead().release();
        }
    }

    /** Takes out the first chunk's bytes; null if there are none. The caller owns the buffer. */
    @Nullable
    ByteBuf poll() {
        if (start == end) {
            return null;
        }
        int skip = (int) (start - chunk(0).origin);
        start = chunk(0).end();
        return takeHead().readerIndex(skip);
    }

    /** Takes over the chunks of a queue that begins where this one ends. */
    void appendAll(ChunkQueue next) {
        while (next.count > 0) {
            add(next.removeHead());
        }
        end = next.end;
    }

    void release() {
        while (count > 0) {
            takeHead().release();
        }
        start = end;
    }

    private int indexOf(long offset) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (chunk(middle).end() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private Chunk chunk(int index) {
        Chunk chunk = ring[(head + index) & (ring.length - 1)];
        if (chunk == null) {
            throw new IllegalStateException("no chunk " + index + " of " + count);
        }
        return chunk;
    }

    private void add(Chunk chunk) {
        if (count == ring.length) {
            @Nullable Chunk[] larger = new Chunk[Math.max(2, 2 * count)];
            for (int i = 0; i < count; i++) {
                larger[i] = chunk(i);
            }
            ring = larger;
            head = 0;
        }
        ring[(head + count) & (ring.length - 1)] = chunk;
        count++;
    }

    /** The first chunk's buffer, which is not ours any more. */
    private ByteBuf takeHead() {
        ByteBuf buffer = removeHead().buffer;
        memory.giveBack(buffer.capacity());
        return buffer;
    }

    private Chunk removeHead() {
        Chunk chunk = chunk(0);
        ring[head] = null;
        head = (head + 1) & (ring.length - 1);
        count--;
        if (count == 0 && ring.length > 8) {
            ring = NONE;
            head = 0;
        }
        return chunk;
    }
}
