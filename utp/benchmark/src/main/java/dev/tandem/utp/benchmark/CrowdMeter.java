package dev.tandem.utp.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Locale;

/** Counts what arrives of the crowd's cells and of the bulk beside them; on one event loop. */
final class CrowdMeter {
    private static final long BUCKET_NANOS = 20_000;

    /** Up to ten seconds; what takes longer counts as that. */
    private static final int BUCKETS = 500_000;

    private final long warmUpNanos;
    private final int[] delays = new int[BUCKETS];
    private long cells;
    private long bulkBytes;

    /** When the first cell came; 0 before that. */
    private long beginNanos;

    private long lastNanos;

    CrowdMeter(double warmUpSeconds) {
        warmUpNanos = (long) (warmUpSeconds * 1e9);
    }

    /** For a connection with cells. */
    ChannelInboundHandlerAdapter cells() {
        return new Cells();
    }

    /** For the connection with bulk. */
    ChannelInboundHandlerAdapter bulk() {
        return new Bulk();
    }

    private boolean isWarm(long nowNanos) {
        return beginNanos != 0 && nowNanos - beginNanos >= warmUpNanos;
    }

    private void onCell(long nowNanos, long dueNanos) {
        if (beginNanos == 0) {
            beginNanos = nowNanos;
        }
        if (isWarm(nowNanos)) {
            lastNanos = nowNanos;
            cells++;
            delays[(int) Math.max(0, Math.min(BUCKETS - 1, (nowNanos - dueNanos) / BUCKET_NANOS))]++;
        }
    }

    /** One line of JSON. */
    String report() {
        double seconds = Math.max(1, lastNanos - beginNanos - warmUpNanos) / 1e9;
        return String.format(
                Locale.ROOT,
                "{\"cells\": %d, \"seconds\": %.3f, \"median_ms\": %.2f, \"p95_ms\": %.2f, \"p99_ms\": %.2f,"
                        + " \"max_ms\": %.2f, \"bulk_mbit\": %.2f, \"cell_mbit\": %.2f}",
                cells,
                seconds,
                percentileMillis(0.5),
                percentileMillis(0.95),
                percentileMillis(0.99),
                percentileMillis(1),
                bulkBytes * 8 / seconds / 1e6,
                cells * 8.0 * Crowd.CELL_BYTES / seconds / 1e6);
    }

    private double percentileMillis(double share) {
        long wanted = (long) Math.ceil(cells * share);
        for (int i = 0; i < BUCKETS; i++) {
            wanted -= delays[i];
            if (wanted <= 0) {
                return (i + 0.5) * BUCKET_NANOS / 1e6;
            }
        }
        return BUCKETS * BUCKET_NANOS / 1e6;
    }

    private final class Cells extends ChannelInboundHandlerAdapter {
        /** How much of the current cell has come. */
        private int position;

        private long dueNanos;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            long now = System.nanoTime();
            while (bytes.isReadable()) {
                if (position < Long.BYTES) {
                    dueNanos = dueNanos << 8 | bytes.readUnsignedByte();
                    position++;
                } else {
                    int step = Math.min(bytes.readableBytes(), Crowd.CELL_BYTES - position);
                    bytes.skipBytes(step);
                    position += step;
                }
                if (position == Crowd.CELL_BYTES) {
                    onCell(now, dueNanos);
                    position = 0;
                }
            }
            bytes.release();
        }
    }

    private final class Bulk extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (isWarm(System.nanoTime())) {
                bulkBytes += bytes.readableBytes();
            }
            bytes.release();
        }
    }
}
