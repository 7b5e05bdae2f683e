package dev.tandem.utp.benchmark.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SimulateTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @Test
    void printsOneObjectWithAllFigures() throws JsonProcessingException {
        assertEquals(0, run("--sessions", "3", "--seconds", "6", "--congestion", "cubic", "--seed", "9"));
        JsonNode report = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
        assertEquals(9, report.at("/parameters/seed").asInt());
        // A scarce and an ample bridge, with µTP and with TLS; two mixes, one connection or one each, alone or not.
        assertEquals(4, report.get("bridge").size());
        assertEquals(8, report.get("circuits").size());
        JsonNode first = report.at("/bridge/0");
        assertEquals("utp-cubic", first.get("transport").asText());
        for (String path : new String[] {
            "/goodputMbit",
            "/bulk/fairness",
            "/bulk/clientMbit/median",
            "/interactive/firstByteMs/p99",
            "/interactive/lastByteMs/samples",
            "/bottleneck/queueMs/p95",
            "/retransmittedShare",
            "/carriers/alive",
            "/cost/events"
        }) {
            assertTrue(!first.at(path).isMissingNode(), path);
        }
        assertTrue(report.at("/circuits/0/cellMs/median").isNumber());
        assertTrue(report.at("/circuits/0/share").isNumber());
    }

    @Test
    void tellsWhatIsWrongInOneLine() {
        assertEquals(2, run("--sessions", "0"));
        assertEquals(2, run("--congestion", "reno"));
        assertEquals(2, run("--what"));
        assertEquals(
                3,
                progress.toString(StandardCharsets.UTF_8).lines().count(),
                progress.toString(StandardCharsets.UTF_8));
        assertEquals(0, out.size());
    }

    private int run(String... args) {
        return Simulate.run(
                args,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(progress, true, StandardCharsets.UTF_8));
    }
}
