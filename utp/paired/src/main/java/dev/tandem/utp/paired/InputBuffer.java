package dev.tandem.utp.paired;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;

/**
 * The kernel's receive buffer of a connection that is relayed into a session: as much as the session takes in five milliseconds,
 * since what waits there is delay to whoever wrote it.
 */
final class InputBuffer {
    /** The kernel keeps about half of it for its own account, and then doubles what it is asked for. */
    static final int MIN_BYTES = 16 * 1024;

    private static final int MAX_BYTES = 256 * 1024;
    private static final double BUFFERED_NANOS = 5e6;
    private static final long UPDATE_NANOS = 50_000_000;
    private static final int STEP = 2;

    private int bytes = MIN_BYTES;
    private boolean started;
    private long sinceNanos;
    private long readBytes;

    /** So much was read. Looks now and then whether that is much or little. */
    void onRead(Channel channel, int count, long nowNanos) {
        readBytes += count;
        if (!started) {
            started = true;
            sinceNanos = nowNanos;
            return;
        }
        long elapsed = nowNanos - sinceNanos;
        if (elapsed < UPDATE_NANOS) {
            return;
        }
        int wanted = (int) Math.max(MIN_BYTES, Math.min(MAX_BYTES, readBytes * (BUFFERED_NANOS / elapsed)));
        if (wanted >= bytes * STEP || wanted <= bytes / STEP) {
            channel.config().setOption(ChannelOption.SO_RCVBUF, wanted);
            bytes = wanted;
        }
        sinceNanos = nowNanos;
        readBytes = 0;
    }
}
