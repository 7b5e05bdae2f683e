package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.SessionId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a server that a client can resume, and those among them that have no carrier now: bounded in number and
 * in the bytes that they hold. At a bound the one that has waited longest goes, since its client is the least likely to
 * come back. How long each waits is the session's own matter.
 */
final class DetachedSessions {
    private final int maxCount;
    private final long maxBytes;
    private final BoundCounters counters;
    private final Map<SessionId, LinkSession> sessions = new HashMap<>();
    /** Those without a carrier, in the order of its loss, with what each held then: while detached it grows no more. */
    private final LinkedHashMap<LinkSession, Long> detached = new LinkedHashMap<>();

    private long bytes;

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
        long held = stats.retainedBytes() + stats.heldBytes();
        if (detached.putIfAbsent(session, held) == null) {
            bytes += held;
        }
        while (detached.size() > maxCount || bytes > maxBytes) {
            counters.hit(BoundCounters.Bound.DETACHED);
            // Which takes it out of here.
            detached.keySet().iterator().next().close(CloseReason.DISPLACED, null);
        }
    }

    /** A session has a carrier again. */
    void attach(LinkSession session) {
        Long held = detached.remove(session);
        if (held != null) {
            bytes -= held;
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
