package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.simulation.Simulation;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;

/** What all parties of one run share: the time, memory, and two buffers that nobody keeps across a call. */
final class World {
    private static final int MAX_DATAGRAM_BYTES = 2_048;
    private static final int CHUNK_BYTES = 32 << 10;

    final Simulation simulation = new Simulation();
    /** Without a pool: a run ends in the middle of everything, and the garbage collector has what it leaves. */
    final ByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

    final ByteBuffer datagram = ByteBuffer.allocate(MAX_DATAGRAM_BYTES);
    final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);

    /** Things that were done: deadlines, datagrams, turns of users. */
    long events;

    long now() {
        return simulation.now();
    }

    /** Has something done in so long. */
    void in(long nanos, Runnable action) {
        simulation.scheduleIn(nanos, () -> {
            events++;
            action.run();
        });
    }
}
