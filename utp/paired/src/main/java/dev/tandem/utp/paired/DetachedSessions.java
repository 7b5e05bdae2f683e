package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.SessionId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a server that a client can resume, and those among them that have no carrier now: bounded in number and
 * in the bytes that they hold. At a bound one goes of the address that has most of what is short: who fills the table with
 * sessions of his own makes room for others with them, and not with theirs. Of that address it is the one that has waited
 * longest, since its client is the least likely to come back. How long each waits is the session's own matter.
 */
final class DetachedSessions {
    private final int maxCount;
    private final long maxBytes;
    private final BoundCounters counters;
    private final Map<SessionId, LinkSession> sessions = new HashMap<>();
    /** Those without a carrier, in the order of its loss. */
    private final LinkedHashMap<LinkSession, Detached> detached = new LinkedHashMap<>();
    /** What they are together for each address, none without any. */
    private final Map<AddressGroup, Size> shares = new HashMap<>();

    private long bytes;

    /**
     * A session without a carrier.
     *
     * @param from where its client was last
     * @param size one, and what it held then: while detached it grows no more
     */
    private record Detached(AddressGroup from, Size size) {}

    private record Size(long count, long bytes) {
        Size plus(Size more) {
            return new Size(count + more.count, bytes + more.bytes);
        }

        @Nullable
        Size minus(Size less) {
            return count == less.count ? null : new Size(count - less.count, bytes - less.bytes);
        }
    }

    DetachedSessions(int maxCount, long maxBytes, BoundCounters counters) {
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
        this.counters = counters;
    }

    void add(LinkSession session) {
        sessions.put(session.id(), session);
    }

    /** The session of this identifier, attached or not; null if there is none. Proves nothing yet. */
    @Nullable
    LinkSession find(SessionId id) {
        return sessions.get(id);
    }

    /** A session lost its last carrier. */
    void detach(LinkSession session) {
        SessionStats stats = session.stats();
        Size size = new Size(1, stats.retainedBytes() + stats.heldBytes());
        Detached entry = new Detached(AddressGroup.of(session.remoteAddress().getAddress()), size);
        if (detached.putIfAbsent(session, entry) == null) {
            bytes += size.bytes();
            shares.merge(entry.from(), size, Size::plus);
        }
        while (detached.size() > maxCount) {
            displaceOfLargest(Size::count);
        }
        while (bytes > maxBytes) {
            displaceOfLargest(Size::bytes);
        }
    }

    private void displaceOfLargest(ToLongFunction<Size> size) {
        AddressGroup largest = shares.entrySet().stream()
                .max(Comparator.comparingLong(share -> size.applyAsLong(share.getValue())))
                .orElseThrow()
                .getKey();
        LinkSession oldest = detached.entrySet().stream()
                .filter(each -> each.getValue().from().equals(largest)
                        && size.applyAsLong(each.getValue().size()) > 0)
                .findFirst()
                .orElseThrow()
                .getKey();
        counters.hit(BoundCounters.Bound.DETACHED);
        // Which takes it out of here.
        oldest.close(CloseReason.DISPLACED, null);
    }

    /** A session has a carrier again. */
    void attach(LinkSession session) {
        Detached entry = detached.remove(session);
        if (entry != null) {
            bytes -= entry.size().bytes();
            shares.computeIfPresent(entry.from(), (same, share) -> share.minus(entry.size()));
        }
    }

    /** A session is over. */
    void remove(LinkSession session) {
        attach(session);
        sessions.remove(session.id(), session);
    }

    int count() {
        return detached.size();
    }
}
