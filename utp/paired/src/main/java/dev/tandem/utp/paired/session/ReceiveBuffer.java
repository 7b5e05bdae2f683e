package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What came and cannot be delivered yet: because an earlier byte is missing (it is on the other carrier), or because
 * the user is paused. Each byte is kept once.
 */
final class ReceiveBuffer {
    /**
     * Most gaps at a time. A change of carrier makes one; a peer that makes many more wants our memory, since each costs
     * more than its bytes.
     */
    static final int MAX_RANGES = 64;

    private final ByteBufAllocator allocator;
    private final MemoryBudget memory;
    /** Disjoint, not touching, sorted; the first starts at {@code delivered} or later. */
    private final ArrayList<ChunkQueue> ranges = new ArrayList<>(0);

    private long delivered;
    private long held;

    ReceiveBuffer(ByteBufAllocator allocator, MemoryBudget memory) {
        this.allocator = allocator;
        this.memory = memory;
    }

    /** The offset of the next byte to deliver. */
    long delivered() {
        return delivered;
    }

    /** The offset of the first byte that has not come. */
    long next() {
        return ranges.isEmpty() || ranges.get(0).start() > delivered
                ? delivered
                : ranges.get(0).end();
    }

    /** One past the last byte that came. */
    long highest() {
        return ranges.isEmpty() ? delivered : ranges.get(ranges.size() - 1).end();
    }

    long held() {
        return held;
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Bytes that go to the user without being kept: they must begin at {@link #delivered}. */
    void passed(int length) {
        delivered += length;
    }

    /**
     * Keeps what is new.
     *
     * @return the number of new bytes, or -1 if there would be too many gaps
     */
    int insert(long offset, ByteBuf in) {
        long end = offset + in.readableBytes();
        long at = Math.max(offset, delivered);
        int added = 0;
        int i = firstEndingAtOrBehind(at);
        while (at < end) {
            if (i == ranges.size() || ranges.get(i).start() > at) {
                if (ranges.size() == MAX_RANGES) {
                    return -1;
                }
                ranges.add(i, new ChunkQueue(allocator, memory, at));
            }
            ChunkQueue range = ranges.get(i);
            at = Math.max(at, range.end());
            boolean last = i + 1 == ranges.size();
            long stop = last ? end : Math.min(end, ranges.get(i + 1).start());
            if (at < stop) {
                int length = (int) (stop - at);
                range.append(in, in.readerIndex() + (int) (at - offset), length);
                added += length;
                at = stop;
            }
            if (!last && range.end() == ranges.get(i + 1).start()) {
                range.appendAll(ranges.remove(i + 1));
            }
        }
        held += added;
        return added;
    }

    /** The next bytes in order; null if there are none. The caller owns the buffer. */
    @Nullable
    ByteBuf poll() {
        if (ranges.isEmpty() || ranges.get(0).start() > delivered) {
            return null;
        }
        ChunkQueue first = ranges.get(0);
        ByteBuf bytes = first.poll();
        delivered = first.start();
        if (first.start() == first.end()) {
            ranges.remove(0);
        }
        if (bytes != null) {
            held -= bytes.readableBytes();
        }
        return bytes;
    }

    void release() {
        for (ChunkQueue range : ranges) {
            range.release();
        }
        ranges.clear();
        held = 0;
    }

    private int firstEndingAtOrBehind(long offset) {
        // New bytes mostly continue the last range.
        int i = ranges.size();
        while (i > 0 && ranges.get(i - 1).end() >= offset) {
            i--;
        }
        return i;
    }
}
