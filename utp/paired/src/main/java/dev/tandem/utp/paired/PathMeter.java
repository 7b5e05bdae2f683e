package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.protocol.ConnectionStats;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes what the connection under one carrier knows of its path into the counters, each time what is new. How the path is it tells
 * only of a connection on which something came lately: what an idle one knows is of long ago.
 */
final class PathMeter {
    private static final long LATELY_MILLIS = 1_000;

    private final CarrierKind kind;
    private final EventCounters counters;
    private final Map<PathEvent, Long> counted = new EnumMap<>(PathEvent.class);

    PathMeter(CarrierKind kind, EventCounters counters) {
        this.kind = kind;
        this.counters = counters;
    }

    /** Counts, and tells how the path is if it is known. A connection that has ended can be counted still if it is µTP. */
    void measure(Channel channel, @Nullable Consumer<PathSample> observer) {
        if (channel instanceof UtpChannel utp) {
            ConnectionStats stats = utp.stats();
            if (stats != null) {
                measure(stats, observer);
            }
        } else if (channel instanceof EpollSocketChannel socket && socket.isActive() && observer != null) {
            EpollTcpInfo info = socket.tcpInfo();
            count(PathEvent.RETRANSMITTED, info.totalRetrans());
            if (info.lastAckRecv() < LATELY_MILLIS) {
                observer.accept(new PathSample(kind, info.rtt(), PathSample.UNMEASURED));
            }
        }
    }

    private void measure(ConnectionStats stats, @Nullable Consumer<PathSample> observer) {
        count(PathEvent.SENT, stats.packetsSent());
        boolean heard = count(PathEvent.RECEIVED, stats.packetsReceived());
        count(PathEvent.RETRANSMITTED, stats.retransmissions());
        count(PathEvent.LOST, stats.losses());
        count(PathEvent.TIMED_OUT, stats.timeouts());
        if (observer != null && heard) {
            observer.accept(new PathSample(kind, stats.rttMicros(), stats.queueingDelayMicros()));
        }
    }

    /** Returns whether there were more since it was counted last. */
    private boolean count(PathEvent event, long total) {
        Long before = counted.put(event, total);
        long more = total - (before == null ? 0 : before);
        counters.packets(kind, event, more);
        return more > 0;
    }
}
