package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.session.MemoryBudget;
import dev.tandem.utp.protocol.EndpointStats;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps a server's bounds on connections and sessions, in total and for each address, and on the memory of the sessions. On the server's event loop. */
final class ServerBounds {
    private static final long WATCH_SECONDS = 1;

    private final BoundCounters counters;
    private final Table<Channel> halfOpen;
    private final Table<LinkSession> sessions;
    private final MemoryBudget memory;
    private long utpRefused;
    private long utpSilenced;

    ServerBounds(ServerLimits limits, BoundCounters counters) {
        this.counters = counters;
        this.halfOpen = new Table<>(
                limits.halfOpen(), limits.halfOpenPerAddress(), Bound.HALF_OPEN, Bound.HALF_OPEN_PER_ADDRESS);
        this.sessions =
                new Table<>(limits.sessions(), limits.sessionsPerAddress(), Bound.SESSIONS, Bound.SESSIONS_PER_ADDRESS);
        this.memory = new MemoryBudget(limits.memoryBytes());
    }

    /** Counts a TCP connection without a proof; false if it is one too many. */
    boolean open(Channel channel, @Nullable InetSocketAddress from) {
        if (!halfOpen.hasRoom(from)) {
            return false;
        }
        halfOpen.add(channel, from);
        return true;
    }

    /** The connection proved itself, or is gone. */
    void decided(Channel channel) {
        halfOpen.remove(channel);
    }

    int halfOpenCount() {
        return halfOpen.entries.size();
    }

    List<Channel> halfOpenChannels() {
        return new ArrayList<>(halfOpen.entries.keySet());
    }

    /** Whether there may be one session more from there; counted as a hit if not. */
    boolean mayOpenSession(InetSocketAddress from) {
        if (!memory.hasRoomForSession()) {
            counters.hit(Bound.MEMORY);
            return false;
        }
        return sessions.hasRoom(from);
    }

    /** What all sessions take together. */
    MemoryBudget memory() {
        return memory;
    }

    /**
     * While sessions take more than there is, resets one of the address whose sessions hold most, namely the one of these that
     * holds most: who fills the memory makes room with what is his own.
     */
    void makeRoom() {
        while (memory.isExceeded()) {
            Map<AddressGroup, Long> shares = new HashMap<>();
            sessions.entries.forEach((session, from) -> shares.merge(from, heldBytes(session), Long::sum));
            Map.Entry<AddressGroup, Long> most =
                    shares.entrySet().stream().max(Map.Entry.comparingByValue()).orElse(null);
            if (most == null || most.getValue() == 0) {
                return;
            }
            LinkSession largest = sessions.entries.keySet().stream()
                    .filter(session -> most.getKey().equals(sessions.entries.get(session)))
                    .max(Comparator.comparingLong(ServerBounds::heldBytes))
                    .orElseThrow();
            counters.hit(Bound.MEMORY);
            largest.close(CloseReason.OVER_MEMORY, ResetReason.OVERLOADED);
        }
    }

    private static long heldBytes(LinkSession session) {
        SessionStats stats = session.stats();
        return stats.retainedBytes() + stats.heldBytes();
    }

    void sessionOpened(LinkSession session, InetSocketAddress from) {
        sessions.add(session, from);
    }

    void sessionClosed(LinkSession session) {
        sessions.remove(session);
    }

    /** Counts, as long as the channel is open, the SYNs that the engine refuses or drops: those reach no handler. */
    void watch(EventLoop loop, Channel utp) {
        if (utp instanceof UtpServerChannel server) {
            Future<?> timer = loop.scheduleWithFixedDelay(
                    () -> countRefused(server), WATCH_SECONDS, WATCH_SECONDS, TimeUnit.SECONDS);
            utp.closeFuture().addListener(closed -> timer.cancel(false));
        }
    }

    private void countRefused(UtpServerChannel server) {
        EndpointStats stats = server.stats();
        counters.hit(Bound.HALF_OPEN_UTP, stats.refused() - utpRefused);
        counters.hit(Bound.SILENCED_UTP, stats.silenced() - utpSilenced);
        utpRefused = stats.refused();
        utpSilenced = stats.silenced();
    }

    /** What is open, each with where it comes from. */
    private final class Table<T> {
        private final int max;
        private final int maxPerAddress;
        private final Bound bound;
        private final Bound perAddressBound;
        private final Map<T, AddressGroup> entries = new LinkedHashMap<>();
        private final Map<AddressGroup, Integer> counts = new HashMap<>();

        Table(int max, int maxPerAddress, Bound bound, Bound perAddressBound) {
            this.max = max;
            this.maxPerAddress = maxPerAddress;
            this.bound = bound;
            this.perAddressBound = perAddressBound;
        }

        boolean hasRoom(@Nullable InetSocketAddress from) {
            if (entries.size() >= max) {
                counters.hit(bound);
                return false;
            }
            if (counts.getOrDefault(AddressGroup.of(from), 0) >= maxPerAddress) {
                counters.hit(perAddressBound);
                return false;
            }
            return true;
        }

        void add(T entry, @Nullable InetSocketAddress from) {
            AddressGroup group = AddressGroup.of(from);
            if (entries.put(entry, group) == null) {
                counts.merge(group, 1, Integer::sum);
            }
        }

        void remove(T entry) {
            AddressGroup group = entries.remove(entry);
            if (group != null) {
                counts.computeIfPresent(group, (same, count) -> count == 1 ? null : count - 1);
            }
        }
    }
}
