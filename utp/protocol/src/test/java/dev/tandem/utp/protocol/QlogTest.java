package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tandem.utp.protocol.trace.QlogTrace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a trace tells agrees with what the connection counts, and can be read. */
class QlogTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final long BYTES = 500_000;

    private static List<JsonNode> records(CharSequence text) {
        List<JsonNode> records = new ArrayList<>();
        for (String record : text.toString().split("\n", -1)) {
            if (!record.isEmpty()) {
                assertEquals(0x1e, record.charAt(0));
                records.add(read(record.substring(1)));
            }
        }
        return records;
    }

    private static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }

    private static long count(List<JsonNode> records, String name, String... fields) {
        return records.stream()
                .filter(r -> r.path("name").asText().equals(name))
                .filter(r -> {
                    for (int i = 0; i < fields.length; i += 2) {
                        if (!r.at(fields[i]).asText().equals(fields[i + 1])) {
                            return false;
                        }
                    }
                    return true;
                })
                .count();
    }

    private static Pair exchange(long seed, Appendable out) {
        EndpointConfig traced = EndpointConfig.DEFAULT.withConnection(
                ConnectionConfig.DEFAULT.withTrace(initiator -> new QlogTrace(out, initiator)));
        Pair pair = new Pair(seed, Paths.lossy(20 * MILLIS, 0.02), traced, EndpointConfig.DEFAULT)
                .onAccept(peer -> peer.send(1_000).thenFinish());
        Peer client = pair.dial().send(BYTES).thenFinish();
        pair.until(client::isFinishedCleanly, 600 * SECONDS);
        return pair;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void agreesWithTheStatistics(long seed) {
        StringBuilder out = new StringBuilder();
        ConnectionStats stats = exchange(seed, out).clientPeer().connection.stats();
        List<JsonNode> records = records(out);
        assertEquals("client", records.get(0).at("/trace/vantage_point/type").asText());
        assertEquals(stats.packetsSent(), count(records, "transport:packet_sent"), "seed " + seed);
        assertEquals(stats.packetsReceived(), count(records, "transport:packet_received"), "seed " + seed);
        assertEquals(stats.losses(), count(records, "recovery:packet_lost"), "seed " + seed);
        assertEquals(
                stats.retransmissions(),
                count(records, "transport:packet_sent", "/data/trigger", "retransmission")
                        - count(
                                records,
                                "transport:packet_sent",
                                "/data/trigger",
                                "retransmission",
                                "/data/header/packet_type",
                                "syn"),
                "seed " + seed);
        assertTrue(stats.losses() > 0, "seed " + seed);
        assertEquals(1, count(records, "connectivity:connection_state_updated"));
        assertEquals(1, count(records, "connectivity:connection_closed", "/data/reason", "finished"));
        long payload = records.stream()
                .filter(r -> r.path("name").asText().equals("transport:packet_sent")
                        && r.at("/data/trigger").isMissingNode())
                .mapToLong(r -> r.at("/data/raw/payload_length").asLong())
                .sum();
        assertEquals(BYTES, payload, "seed " + seed);
        double last = 0;
        for (JsonNode record : records.subList(1, records.size())) {
            assertTrue(record.path("time").asDouble() >= last, "time goes on");
            last = record.path("time").asDouble();
        }
        JsonNode metrics = records.stream()
                .filter(r -> r.path("name").asText().equals("recovery:metrics_updated"))
                .reduce((a, b) -> b)
                .orElseThrow();
        assertEquals(
                stats.rttMicros(), Math.round(metrics.at("/data/smoothed_rtt").asDouble() * 1_000));
        assertFalse(out.toString().contains("10.0.0."), "an address");
    }

    /** A full disk, say: the connection has nothing to do with it. */
    @Test
    void stopsAtTheFirstFailure() {
        StringBuilder written = new StringBuilder();
        List<QlogTrace> traces = new ArrayList<>();
        Appendable full = new Appendable() {
            @Override
            public Appendable append(CharSequence text) throws IOException {
                if (written.length() > 10_000) {
                    throw new IOException("full");
                }
                written.append(text);
                return this;
            }

            @Override
            public Appendable append(CharSequence text, int start, int end) throws IOException {
                return append(text.subSequence(start, end));
            }

            @Override
            public Appendable append(char c) throws IOException {
                return append(String.valueOf(c));
            }
        };
        EndpointConfig traced = EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT.withTrace(initiator -> {
            traces.add(new QlogTrace(full, initiator));
            return traces.get(0);
        }));
        Pair pair = new Pair(1, Paths.delay(MILLIS), traced, EndpointConfig.DEFAULT);
        pair.dial().send(BYTES);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == BYTES, 60 * SECONDS);
        assertNotNull(traces.get(0).failure());
        assertTrue(written.length() < 11_000);
    }
}
