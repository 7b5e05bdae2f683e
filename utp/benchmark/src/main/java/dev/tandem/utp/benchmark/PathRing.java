package dev.tandem.utp.benchmark;

import java.nio.ByteBuffer;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One direction of a path of 100 Mbit/s and 10 ms; what finds its queue full is dropped. */
final class PathRing {
    private static final long NANOS_PER_BYTE = 80;
    private static final long DELAY_NANOS = 10_000_000L;

    /** Under way and in the queue together; a power of two. */
    private static final int MAX_PACKETS = 1_024;

    private final ByteBuffer[] slots = new ByteBuffer[MAX_PACKETS];
    private final long[] arrivalNanos = new long[MAX_PACKETS];
    private final double loss;
    private final Random random;
    private long head;
    private long tail;
    private long freeNanos;

    PathRing(int datagramBytes, double loss, Random random) {
        this.loss = loss;
        this.random = random;
        for (int i = 0; i < MAX_PACKETS; i++) {
            slots[i] = ByteBuffer.allocate(datagramBytes);
        }
    }

    /** Where the next datagram is to be written. */
    ByteBuffer slot() {
        return slots[index(tail)].clear();
    }

    /** What was written there leaves now. */
    void send(long nowNanos, int sizeBytes) {
        freeNanos = Math.max(freeNanos, nowNanos) + sizeBytes * NANOS_PER_BYTE;
        if (tail - head == MAX_PACKETS - 1 || (loss > 0 && random.nextDouble() < loss)) {
            return;
        }
        slots[index(tail)].flip();
        arrivalNanos[index(tail)] = freeNanos + DELAY_NANOS;
        tail++;
    }

    long nextArrivalNanos() {
        return head == tail ? Long.MAX_VALUE : arrivalNanos[index(head)];
    }

    /** A datagram that has arrived, valid until the next one is sent; null if there is none. */
    @Nullable
    ByteBuffer poll(long nowNanos) {
        return nextArrivalNanos() > nowNanos ? null : slots[index(head++)];
    }

    private static int index(long number) {
        return (int) number & (MAX_PACKETS - 1);
    }
}
