package dev.tandem.utp.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Writes a cell to each of its connections in turn, evenly spread over time; on one event loop. */
final class CellSource {
    private static final long TICK_NANOS = 1_000_000;

    private final ByteBuf rest =
            Unpooled.directBuffer(Crowd.CELL_BYTES - Long.BYTES).writeZero(Crowd.CELL_BYTES - Long.BYTES);
    private final EventLoop loop;
    private final List<Channel> connections = new ArrayList<>();
    private long dueNanos;
    private int next;

    /** Cells that were not written, since what waits in a connection is bounded. */
    private long skipped;

    CellSource(EventLoop loop) {
        this.loop = loop;
    }

    /** From now on this connection has its share of cells. */
    void add(Channel connection) {
        connections.add(connection);
        if (connections.size() == 1) {
            dueNanos = System.nanoTime();
            loop.scheduleAtFixedRate(this::tick, TICK_NANOS, TICK_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    /** One line of JSON. */
    String report() {
        return "{\"skipped\": " + skipped + "}";
    }

    private void tick() {
        long now = System.nanoTime();
        while (now - dueNanos >= 0) {
            next = (next + 1) % connections.size();
            write(connections.get(next));
            dueNanos += 1_000_000_000L * Crowd.CELL_BYTES / Crowd.CELL_BYTES_PER_SECOND / connections.size();
        }
    }

    private void write(Channel connection) {
        if (!connection.isWritable()) {
            skipped++;
            return;
        }
        ByteBuf cell = connection.alloc().directBuffer(Crowd.CELL_BYTES);
        cell.writeLong(dueNanos).writeBytes(rest, 0, rest.readableBytes());
        connection.writeAndFlush(cell, connection.voidPromise());
    }
}
