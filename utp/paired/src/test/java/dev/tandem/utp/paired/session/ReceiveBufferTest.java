package dev.tandem.utp.paired.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReceiveBufferTest {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    private final ReceiveBuffer buffer = new ReceiveBuffer(allocator, MemoryBudget.unbounded());

    private static ByteBuf bytes(long from, int length) {
        ByteBuf bytes = Unpooled.buffer(length);
        for (int i = 0; i < length; i++) {
            bytes.writeByte(SessionPair.pattern("x", from + i));
        }
        return bytes;
    }

    /** Pieces of any size at any place, some of them taken out meanwhile. */
    @Test
    void keepsEachByteOnceAndInOrder() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            ReceiveBuffer one = new ReceiveBuffer(allocator, MemoryBudget.unbounded());
            int size = 1 + random.nextInt(60_000);
            int step = 1 + random.nextInt(8000);
            BitSet came = new BitSet();
            long taken = 0;
            while (taken < size) {
                int from = random.nextInt(3) == 0 ? (int) one.next() : random.nextInt(size);
                int length = Math.min(size - from, 1 + random.nextInt(step));
                if (length <= 0) {
                    continue;
                }
                int before = came.cardinality();
                int added = one.insert(from, bytes(from, length));
                if (added < 0) {
                    // Too many gaps: fill the first one.
                    continue;
                }
                came.set(from, from + length);
                assertEquals(came.cardinality() - before, added, "seed " + seed);
                assertEquals(came.nextClearBit(0), one.next(), "seed " + seed);
                assertEquals(came.cardinality() - taken, one.held(), "seed " + seed);
                if (random.nextInt(4) == 0 || one.next() == size) {
                    for (ByteBuf next = one.poll(); next != null; next = one.poll()) {
                        while (next.isReadable()) {
                            assertEquals(SessionPair.pattern("x", taken++), next.readByte(), "seed " + seed);
                        }
                        next.release();
                    }
                }
            }
            assertTrue(one.isEmpty());
            assertEquals(0, one.held());
            assertEquals(0, allocator.metric().usedHeapMemory());
        }
    }

    @Test
    void manyGapsAreRefusedAndAllocationStaysSmall() {
        for (int i = 0; i < ReceiveBuffer.MAX_RANGES; i++) {
            assertEquals(1, buffer.insert(1000L * (i + 1), bytes(0, 1)));
        }
        assertEquals(-1, buffer.insert(1, bytes(1, 1)));
        assertEquals(1, buffer.insert(1001, bytes(0, 1)));
        assertTrue(allocator.metric().usedHeapMemory() <= ReceiveBuffer.MAX_RANGES * 1024L);
        buffer.release();
        assertEquals(0, allocator.metric().usedHeapMemory());
    }
}
