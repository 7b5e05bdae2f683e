package dev.tandem.utp.paired;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;

/**
 * How many bytes the kernel takes of a TCP connection before it has sent them: as many as it sends in ten milliseconds. With
 * more, tor cannot reorder what waits there, and it cannot be moved to µTP. With fewer, the kernel runs dry between two turns of
 * the event loop, and its BBR believes for ever that we have nothing more to send.
 */
final class UnsentLimit {
    private static final int MIN_BYTES = 16 * 1024;
    private static final int MAX_BYTES = 1024 * 1024;
    private static final long UNSENT_MICROS = 10_000;
    private static final long UPDATE_NANOS = 20_000_000;
    private static final int PARTS = 4;

    private final EpollTcpInfo info = new EpollTcpInfo();
    private int bytes = MIN_BYTES;
    private boolean updated;
    private long updatedNanos;

    /** Looks how fast the connection is, now and then. */
    void update(Channel channel, long nowNanos) {
        if (!(channel instanceof EpollSocketChannel socket)
                || !socket.isOpen()
                || (updated && nowNanos - updatedNanos < UPDATE_NANOS)) {
            return;
        }
        socket.tcpInfo(info);
        // What is in flight is small when we came late; the window tells what could have been, with BBR twice as much.
        int wanted = bytes(Math.max(info.unacked(), info.sndCwnd() / 2), info.sndMss(), info.rtt());
        // Not for every tremor: each costs a call of the kernel.
        if (!updated || Math.abs(wanted - bytes) > bytes / PARTS) {
            socket.config().setTcpNotSentLowAt(wanted);
            bytes = wanted;
        }
        updated = true;
        updatedNanos = nowNanos;
    }

    /** What to write at once: a part of it. */
    int writeBytes() {
        return bytes / PARTS;
    }

    static int bytes(long segments, long segmentBytes, long rttMicros) {
        if (rttMicros <= 0) {
            return MIN_BYTES;
        }
        double sentIn = (double) segments * segmentBytes * UNSENT_MICROS / rttMicros;
        return (int) Math.max(MIN_BYTES, Math.min(MAX_BYTES, sentIn));
    }
}
