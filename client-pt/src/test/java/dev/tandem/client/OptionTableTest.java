package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code pt-spec/OPTIONS.md} has all arguments of a bridge line and no other, with their ranges, words and defaults. */
class OptionTableTest {
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([a-z-]+)=` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\|$");
    private static final Pattern RANGE = Pattern.compile("(\\d+) to (\\d+)");
    private static final Pattern WORD = Pattern.compile("`([a-z+]+)`");

    private record Row(String takes, String standard) {}

    private static final Map<String, Row> ROWS = new LinkedHashMap<>();

    @BeforeAll
    static void read() throws IOException {
        Matcher row = ROW.matcher(Files.readString(Path.of("../pt-spec/OPTIONS.md")));
        while (row.find()) {
            if (List.of(row.group(2).split(", ", -1)).contains("client")) {
                assertEquals(null, ROWS.put(row.group(1), new Row(row.group(3), row.group(4))), row.group(1));
            }
        }
    }

    private static ClientOptions parse(String text) throws PtParseException {
        return ClientOptions.parse("-o", "", TransportArgs.parseSocks(text));
    }

    private static Row row(String key) {
        return Objects.requireNonNull(ROWS.get(key), key);
    }

    @Test
    void hasAllArgumentsAndNoOther() {
        TreeSet<String> taken = new TreeSet<>(List.of("cert"));
        for (ClientOptions.Key key : ClientOptions.Key.values()) {
            taken.add(key.toString());
            assertTrue(ClientOptions.KEYS.contains(key + "="), ClientOptions.KEYS);
        }
        assertEquals(taken, new TreeSet<>(ROWS.keySet()));
    }

    @Test
    void saysWhatEachTakes() throws Exception {
        assertEquals(Bridge.CERT.length() + " characters", row("cert").takes());
        for (String key : List.of("carrier", "cc")) {
            Matcher word = WORD.matcher(row(key).takes());
            int words = 0;
            for (; word.find(); words++) {
                parse(key + "=" + word.group(1));
            }
            assertEquals(key.equals("cc") ? CongestionControl.values().length : CarrierPolicy.values().length, words);
        }
        for (String key : List.of("mtu", "idle")) {
            Matcher range = RANGE.matcher(row(key).takes());
            assertTrue(range.matches(), key);
            parse(key + "=" + range.group(1));
            parse(key + "=" + range.group(2));
            assertThrows(PtParseException.class, () -> parse(key + "=" + (Long.parseLong(range.group(1)) - 1)));
            assertThrows(PtParseException.class, () -> parse(key + "=" + (Long.parseLong(range.group(2)) + 1)));
        }
    }

    @Test
    void saysWhatEachIsByDefault() throws Exception {
        assertEquals("required", row("cert").standard());
        assertEquals("`" + ClientOptions.NONE.policy() + "`", row("carrier").standard());
        assertEquals("`bbr`", row("cc").standard());
        assertEquals("never", row("idle").standard());
        assertTrue(LinkConfig.DEFAULT.idleTimeout().isZero());
        assertEquals(0, LinkConfig.DEFAULT.utp().maxDatagramBytes());
    }
}
