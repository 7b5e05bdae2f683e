package dev.tandem.utp.paired;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.LongAdder;

/** How often each bound of a server was hit. Any thread may read it. */
public final class BoundCounters {
    /** What is bounded. */
    public enum Bound {
        /** Strangers, beside TCP connections not yet decided: made to wait, or closed. */
        STRANGERS("strangers"),
        /** TCP connections without a proof, in total: refused. */
        HALF_OPEN("halfOpen"),
        /** Those from one address: refused. */
        HALF_OPEN_PER_ADDRESS("halfOpenPerAddress"),
        /** TLS handshakes of clients in a second: made to wait. */
        HANDSHAKES("handshakes"),
        /** Those of strangers with the server in this process: made to wait. */
        STRANGER_HANDSHAKES("strangerHandshakes"),
        /** Sessions in total: refused. */
        SESSIONS("sessions"),
        /** Those from one address: refused. */
        SESSIONS_PER_ADDRESS("sessionsPerAddress"),
        /** µTP connections that are not confirmed: refused. */
        HALF_OPEN_UTP("halfOpenUtp"),
        /** SYNs of µTP, and RESETs to be, where no client is: dropped. */
        SILENCED_UTP("silencedUtp"),
        /** µTP connections without a session: dropped. */
        UNMATCHED_UTP("unmatchedUtp"),
        /** Sessions without a carrier, in number or in bytes: closed. */
        DETACHED("detached"),
        /** The memory of all sessions: the one that holds most is reset, or a new one refused. */
        MEMORY("memory");

        private final String key;

        Bound(String key) {
            this.key = key;
        }
    }

    private final Map<Bound, LongAdder> hits = new EnumMap<>(Bound.class);

    BoundCounters() {
        for (Bound bound : Bound.values()) {
            hits.put(bound, new LongAdder());
        }
    }

    void hit(Bound bound) {
        hit(bound, 1);
    }

    void hit(Bound bound, long times) {
        hits.computeIfAbsent(bound, missing -> new LongAdder()).add(times);
    }

    /** Each bound that was hit, and how often. */
    public Map<Bound, Long> snapshot() {
        Map<Bound, Long> snapshot = new EnumMap<>(Bound.class);
        hits.forEach((bound, count) -> {
            if (count.sum() > 0) {
                snapshot.put(bound, count.sum());
            }
        });
        return snapshot;
    }

    /** One JSON object. */
    static String toJson(Map<Bound, Long> snapshot) {
        StringJoiner json = new StringJoiner(",", "{", "}");
        snapshot.forEach((bound, count) -> json.add("\"" + bound.key + "\":" + count));
        return json.toString();
    }
}
