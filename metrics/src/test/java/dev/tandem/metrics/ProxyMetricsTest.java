package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tandem.utp.paired.CloseReason;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a client and a server show of a session between them, before, during and after it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyMetricsTest {
    private static final int BYTES = 300_000;
    private static final long LIMIT_NANOS = 30_000_000_000L;
    private static final Path SCRIPTS = Path.of("..", "scripts", "metrics");
    private static final Pattern ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+|::|localhost");

    @SuppressWarnings("NullAway.Init")
    private Link link;

    @BeforeAll
    void start() throws Exception {
        link = new Link();
    }

    @AfterAll
    void stop() {
        link.close();
    }

    private Exposition client() throws Exception {
        return read(link.clientText());
    }

    private Exposition server() throws Exception {
        return read(link.serverText());
    }

    private static Exposition read(String text) {
        assertFalse(ADDRESS.matcher(text).find(), text);
        return new Exposition(text);
    }

    /** What is there is known half a second late. */
    private static Exposition await(Callable<Exposition> scrape, Predicate<Exposition> wanted) throws Exception {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (true) {
            Exposition now = scrape.call();
            if (wanted.test(now)) {
                return now;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> "it does not come: " + now.values);
        }
    }

    @Test
    void aSessionIsSeenComingGoingAndWhatItCarries() throws Exception {
        for (Exposition before : new Exposition[] {client(), server()}) {
            assertEquals(0, before.sum("tandem_sessions"));
            assertEquals(0, before.sum("tandem_carrier_bytes_total"));
            assertEquals(0, before.sum("tandem_carrier_changes_total"));
        }

        Link.User user = link.dial();
        await(this::client, now -> now.sum("tandem_carrier_changes_total") == 2);
        link.send(user, BYTES);
        Exposition server = await(
                this::server,
                now -> received(now) == BYTES
                        && now.value("tandem_sessions{state=\"attached\"}") == 1
                        && now.value("tandem_rtt_seconds_count{carrier=\"utp\"}") > 0);
        assertEquals(BYTES, server.value("tandem_carrier_bytes_total{carrier=\"utp\",direction=\"received\"}"));
        assertEquals(0, server.sum("tandem_sessions_closed_total"));
        Exposition client = await(
                this::client,
                now -> now.value("tandem_rtt_seconds_count{carrier=\"utp\"}") > 0
                        && now.value("tandem_queueing_delay_seconds_count") > 0
                        && now.value("tandem_packets_total{direction=\"sent\"}") > BYTES / 65_536.0);
        assertTrue(client.value("tandem_carrier_bytes_total{carrier=\"utp\",direction=\"sent\"}") >= BYTES);
        assertEquals(0, client.value("tandem_carrier_bytes_total{carrier=\"tls\",direction=\"received\"}"));
        for (Exposition now : new Exposition[] {client, server}) {
            assertEquals(1, now.value("tandem_sessions{state=\"attached\"}"));
            assertEquals(1, now.value("tandem_sessions_opened_total"));
            assertEquals(1, now.value("tandem_carrier_changes_total{cause=\"tls_up\",from=\"none\",to=\"tls\"}"));
            assertEquals(1, now.value("tandem_carrier_changes_total{cause=\"paired\",from=\"tls\",to=\"utp\"}"));
            assertTrue(now.value("tandem_event_loop_lag_seconds_count") > 0);
            assertTrue(now.value("tandem_memory_bytes{area=\"heap\"}") > 0);
        }

        // There is room for one session only.
        Link.User refused = link.dial();
        assertEquals(CloseReason.OVERLOADED, refused.closed.get());
        await(
                this::server,
                now -> now.value("tandem_bound_hits_total{bound=\"sessions\"}") == 1
                        && now.value("tandem_refusals_total{cause=\"too_many\"}") == 1);
        try (Socket stranger =
                new Socket(link.address().getAddress(), link.address().getPort())) {
            OutputStream out = stranger.getOutputStream();
            out.write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            await(this::server, now -> now.value("tandem_strangers_total{kind=\"stranger\"}") == 1);
        }

        link.finish(user);
        for (Callable<Exposition> side : List.<Callable<Exposition>>of(this::client, this::server)) {
            Exposition after = await(
                    side,
                    now -> now.sum("tandem_sessions") == 0
                            && now.value("tandem_sessions_closed_total{reason=\"finished\"}") == 1);
            assertEquals(2, after.sum("tandem_carrier_changes_total") - refusedChanges(after));
        }
        assertEquals(BYTES, received(server()));
    }

    private static double received(Exposition now) {
        return now.value("tandem_carrier_bytes_total{carrier=\"tls\",direction=\"received\"}")
                + now.value("tandem_carrier_bytes_total{carrier=\"utp\",direction=\"received\"}");
    }

    /** A client's session that is refused has TLS all the same. */
    private static double refusedChanges(Exposition after) {
        return after.value("tandem_carrier_changes_total{cause=\"tls_up\",from=\"none\",to=\"tls\"}") - 1;
    }

    @Test
    void saysWhatItIs() throws Exception {
        String java = Runtime.version().toString();
        assertEquals(
                1, client().value("tandem_build_info{java=\"" + java + "\",program=\"client-pt\",version=\"1.2\"}"));
        assertEquals(
                1, server().value("tandem_build_info{java=\"" + java + "\",program=\"server-pt\",version=\"1.2\"}"));
    }

    private Set<String> exported() throws Exception {
        Set<String> names = new HashSet<>();
        for (Exposition side : new Exposition[] {client(), server()}) {
            side.families.forEach((family, type) -> {
                if (type.equals("histogram")) {
                    names.add(family + "_bucket");
                    names.add(family + "_count");
                    names.add(family + "_sum");
                } else {
                    names.add(family);
                }
            });
        }
        return names;
    }

    private static Set<String> namesIn(String query) {
        Set<String> names = new HashSet<>();
        Matcher name = Pattern.compile("tandem_[a-z_]+").matcher(query);
        while (name.find()) {
            names.add(name.group());
        }
        return names;
    }

    @Test
    void theDashboardAsksForWhatIsThere() throws Exception {
        JsonNode dashboard = new ObjectMapper().readTree(Files.readString(SCRIPTS.resolve("tandem-dashboard.json")));
        Set<String> asked = new HashSet<>();
        for (JsonNode query : dashboard.findValues("expr")) {
            Set<String> names = namesIn(query.asText());
            assertFalse(names.isEmpty(), query.asText());
            asked.addAll(names);
        }
        assertTrue(asked.size() > 20, () -> "few: " + asked);
        asked.removeAll(exported());
        assertEquals(Set.of(), asked);
    }

    @Test
    void theAlertsAskForWhatIsThere() throws Exception {
        Set<String> asked = namesIn(Files.readString(SCRIPTS.resolve("tandem-alerts.yml")));
        assertTrue(asked.size() > 3, () -> "few: " + asked);
        asked.removeAll(exported());
        assertEquals(Set.of(), asked);
    }
}
