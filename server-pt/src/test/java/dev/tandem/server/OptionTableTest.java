package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.strangers.Decoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code pt-spec/OPTIONS.md} has all options of a bridge and no other, with their ranges, words and defaults. */
class OptionTableTest {
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([a-z-]+)=` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\|$");
    private static final Pattern RANGE = Pattern.compile("(\\d+) to (\\d+)");
    private static final Pattern WORD = Pattern.compile("`([a-z+]+)`");
    private static final Decoy TOR = Decoy.orPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9001));

    private record Row(String takes, String standard) {}

    private static final Map<String, Row> ROWS = new LinkedHashMap<>();

    @BeforeAll
    static void read() throws IOException {
        Matcher row = ROW.matcher(Files.readString(Path.of("../pt-spec/OPTIONS.md")));
        while (row.find()) {
            if (List.of(row.group(2).split(", ", -1)).contains("bridge")) {
                assertEquals(null, ROWS.put(row.group(1), new Row(row.group(3), row.group(4))), row.group(1));
            }
        }
    }

    private static ServerOptions parse(String text) throws PtParseException {
        return ServerOptions.parse("ServerTransportOptions", TransportArgs.parseSocks(text));
    }

    /** All that options change, by value. */
    private static List<@Nullable Object> effect(String text) throws Exception {
        ServerOptions options = parse(text);
        LinkConfig config = options.applyTo(LinkConfig.DEFAULT, TOR);
        List<@Nullable Object> effect = new ArrayList<>(List.of(
                config.limits(),
                config.strangers(),
                config.policy(),
                options.congestion(),
                config.detachedTimeout(),
                config.retainBytes(),
                config.receiveBytes(),
                config.utp().maxDatagramBytes(),
                config.idleTimeout(),
                options.logLinesPerSecond()));
        effect.add(options.metrics());
        return effect;
    }

    private static void assertRefused(String text) {
        assertThrows(PtParseException.class, () -> parse(text), text);
    }

    @Test
    void hasAllOptionsAndNoOther() {
        TreeSet<String> documented = new TreeSet<>();
        ROWS.keySet().forEach(key -> documented.add(key + "="));
        assertEquals(new TreeSet<>(ServerOptions.keys()), documented);
    }

    @Test
    void saysWhatEachTakes() throws Exception {
        for (Map.Entry<String, Row> entry : ROWS.entrySet()) {
            String key = entry.getKey() + "=";
            String takes = entry.getValue().takes();
            Matcher range = RANGE.matcher(takes);
            if (range.matches()) {
                long least = Long.parseLong(range.group(1));
                long most = Long.parseLong(range.group(2));
                assertNotEquals(effect(key + least), effect(key + most), key);
                assertRefused(key + (least - 1));
                assertRefused(key + (most + 1));
                continue;
            }
            Matcher word = WORD.matcher(takes);
            while (word.find()) {
                parse(key + word.group(1));
            }
            assertRefused(key + "x");
            for (String form : List.of("HOST:PORT", "127.0.0.1:PORT", "[::1]:PORT", "unix:/PATH")) {
                if (takes.contains('`' + form + '`')) {
                    parse(key + form.replaceFirst("^HOST", "127.0.0.1").replace("PORT", "8443"));
                }
            }
        }
    }

    @Test
    void saysWhatEachIsByDefault() throws Exception {
        for (Map.Entry<String, Row> entry : ROWS.entrySet()) {
            String key = entry.getKey() + "=";
            for (String standard : entry.getValue().standard().replace("`", "").split("; with ", -1)) {
                Matcher number =
                        Pattern.compile("(decoy=orport )?(\\d+|[a-z]+)").matcher(standard);
                if (number.matches() && !List.of("all", "never", "nowhere").contains(number.group(2))) {
                    String before = number.group(1) == null ? "" : "decoy=orport";
                    String with = (before.isEmpty() ? "" : before + ";") + key + number.group(2);
                    assertEquals(effect(before), effect(with), with);
                }
            }
        }
        assertEquals("half of Java's heap", row("max-memory-mib").standard());
        assertEquals(
                Runtime.getRuntime().maxMemory() / 2,
                LinkConfig.DEFAULT.limits().memoryBytes());
        assertEquals(
                "all; with `decoy=orport` 100", row("max-strangers-per-address").standard());
        assertEquals(Integer.MAX_VALUE, LinkConfig.DEFAULT.strangers().maxPerAddress());
        assertEquals("never", row("idle").standard());
        assertTrue(LinkConfig.DEFAULT.idleTimeout().isZero());
    }

    private static Row row(String key) {
        Row row = ROWS.get(key);
        return row == null ? fail(key) : row;
    }
}
