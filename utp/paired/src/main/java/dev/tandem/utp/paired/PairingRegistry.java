package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.PairingId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which identifiers are to come, and which µTP connections have not been matched: bounded in number and in bytes, the
 * oldest making room, since an honest one waits for a round trip at most and a flood must not keep it out.
 */
final class PairingRegistry {
    /** A µTP connection without a session. */
    interface Waiting {
        /** What it said that it is; null as long as that is not complete. */
        @Nullable
        PairingId id();

        /** Bytes held behind the identifier. */
        int heldBytes();

        /** Its session is known now. It is not waiting any more. */
        void match(Expected expected);

        /** It must make room. It is not waiting any more. */
        void displace();

        /** The server stops. It is not waiting any more. */
        void stop();
    }

    /** A session that waits for the µTP connection of one attempt. */
    record Expected(LinkSession session, int attempt) {}

    private final int maxWaiting;
    private final int maxBytes;
    private final Map<PairingId, Expected> expected = new HashMap<>();
    private final Map<PairingId, Waiting> identified = new HashMap<>();
    /** In the order of their coming. */
    private final LinkedHashSet<Waiting> waiting = new LinkedHashSet<>();

    private long bytes;

    PairingRegistry(int maxWaiting, int maxBytes) {
        this.maxWaiting = maxWaiting;
        this.maxBytes = maxBytes;
    }

    int waitingCount() {
        return waiting.size();
    }

    int expectedCount() {
        return expected.size();
    }

    /** A session announces an identifier; matched at once if its connection came first. */
    void expect(PairingId id, Expected session) {
        Waiting early = identified.remove(id);
        if (early != null) {
            remove(early);
            early.match(session);
        } else {
            expected.put(id, session);
        }
    }

    /** The identifier will not be used any more. */
    void forget(PairingId id) {
        expected.remove(id);
    }

    /** A µTP connection came. */
    void add(Waiting connection) {
        waiting.add(connection);
        makeRoom();
    }

    /**
     * A µTP connection said its identifier, and perhaps more.
     *
     * @return the session that it is for, which is not expected any more; null if it has to wait
     */
    @Nullable
    Expected identify(Waiting connection, PairingId id) {
        Expected session = expected.remove(id);
        if (session != null) {
            waiting.remove(connection);
            return session;
        }
        // Whoever repeats an identifier that is waiting already is not a client of ours; the first one stays.
        identified.putIfAbsent(id, connection);
        grow(connection.heldBytes());
        return null;
    }

    /** More is held for a waiting connection that said its identifier. */
    void grow(int more) {
        bytes += more;
        makeRoom();
    }

    /** A waiting connection is gone or late. */
    void remove(Waiting connection) {
        PairingId id = connection.id();
        if (waiting.remove(connection) && id != null) {
            bytes -= connection.heldBytes();
            identified.remove(id, connection);
        }
    }

    /** Ends all that waits. */
    void stop() {
        List<Waiting> all = List.copyOf(waiting);
        waiting.clear();
        identified.clear();
        bytes = 0;
        all.forEach(Waiting::stop);
    }

    private void makeRoom() {
        while (waiting.size() > maxWaiting || bytes > maxBytes) {
            Iterator<Waiting> oldest = waiting.iterator();
            Waiting first = oldest.next();
            remove(first);
            first.displace();
        }
    }
}
