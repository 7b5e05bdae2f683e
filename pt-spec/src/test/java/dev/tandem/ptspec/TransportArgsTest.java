package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportArgsTest {
    private static TransportArgs args(String... keysAndValues) {
        TransportArgs args = TransportArgs.empty();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            args = args.and(keysAndValues[i], keysAndValues[i + 1]);
        }
        return args;
    }

    static List<Arguments> socksAccepted() {
        return List.of(
                Arguments.of("", args()),
                Arguments.of("k=v", args("k", "v")),
                Arguments.of("k=", args("k", "")),
                Arguments.of("k=v;l=w", args("k", "v", "l", "w")),
                Arguments.of("k=v;k=w", args("k", "v", "k", "w")),
                Arguments.of(
                        "shared-secret=rahasia;secrets-file=/tmp/blob",
                        args("shared-secret", "rahasia", "secrets-file", "/tmp/blob")),
                Arguments.of("k=a=b", args("k", "a=b")),
                Arguments.of("k=a\\=b", args("k", "a=b")),
                Arguments.of("k\\=l=v", args("k=l", "v")),
                Arguments.of("k\\;l=v\\;w", args("k;l", "v;w")),
                Arguments.of("k=\\\\", args("k", "\\")),
                Arguments.of("k\\\\=v", args("k\\", "v")),
                Arguments.of("\\k=\\v", args("k", "v")),
                Arguments.of(" k = v ", args(" k ", " v ")),
                Arguments.of("k=ü€😀", args("k", "ü€😀")));
    }

    @ParameterizedTest
    @MethodSource("socksAccepted")
    void parsesTheSocksForm(String text, TransportArgs expected) throws Exception {
        assertEquals(expected, TransportArgs.parseSocks(text));
    }

    @ParameterizedTest
    @CsvSource({
        "k, argument 1 has no '='",
        "=v, argument 1 has an empty key",
        "k=v;, argument 2 has no '='",
        ";, argument 1 has no '='",
        ";k=v, argument 1 has no '='",
        "k=v;;l=w, argument 2 has no '='",
        "k=v;=w, argument 2 has an empty key",
        "k=v\\, argument 1 ends in a lone backslash",
        "k\\, argument 1 ends in a lone backslash",
        "k\\=v, argument 1 has no '='",
        "k;l=v, argument 1 has no '='",
    })
    void refusesAMalformedSocksForm(String text, String message) {
        PtParseException e = assertThrows(PtParseException.class, () -> TransportArgs.parseSocks(text));
        assertEquals(message, e.getMessage());
    }

    @Test
    void escapesTheSocksForm() {
        assertEquals(
                "k\\=\\;\\\\=a=\\;\\\\b;l=", args("k=;\\", "a=;\\b", "l", "").formatSocks());
        assertEquals("", TransportArgs.empty().formatSocks());
    }

    @Test
    void escapesTheSmethodForm() throws Exception {
        assertEquals("cert=A-z_9,N=13", args("cert", "A-z_9", "N", "13").formatSmethod());
        assertEquals("k\\=\\,\\\\=a\\=\\,\\\\;b", args("k=,\\", "a=,\\;b").formatSmethod());
        assertEquals(args("k=,\\", "a=,\\;b"), TransportArgs.parseSmethod("k\\=\\,\\\\=a\\=\\,\\\\;b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a\nb", "a\tb", "a\0b", "ü", "\u007f"})
    void refusesWhatWouldBreakAnSmethodLine(String text) {
        assertThrows(IllegalArgumentException.class, () -> args("k", text).formatSmethod());
        assertThrows(IllegalArgumentException.class, () -> args(text, "v").formatSmethod());
    }

    static List<Arguments> serverOptionsAccepted() {
        return List.of(
                Arguments.of("", Map.of()),
                Arguments.of("utp:key=a\\:b\\;c;utp:e=f=g", Map.of("utp", args("key", "a:b;c", "e", "f=g"))),
                Arguments.of(
                        "scramblesuit:key=banana;automata:rule=110;automata:depth=3",
                        Map.of("scramblesuit", args("key", "banana"), "automata", args("rule", "110", "depth", "3"))),
                Arguments.of("utp:k=a:b", Map.of("utp", args("k", "a:b"))),
                Arguments.of("utp:k\\=l=\\=\\\\", Map.of("utp", args("k=l", "=\\"))),
                Arguments.of("utp:k=", Map.of("utp", args("k", ""))),
                Arguments.of("a:k=1;b:k=2;a:k=3", Map.of("a", args("k", "1", "k", "3"), "b", args("k", "2"))));
    }

    @ParameterizedTest
    @MethodSource("serverOptionsAccepted")
    void parsesServerOptions(String text, Map<String, TransportArgs> expected) throws Exception {
        assertEquals(expected, TransportArgs.parseServerOptions(text));
    }

    @ParameterizedTest
    @CsvSource({
        "utp, argument 1 has no ':' behind the transport's name",
        "k=v, argument 1 has no ':' behind the transport's name",
        ":k=v, argument 1 names no valid transport",
        "u-tp:k=v, argument 1 names no valid transport",
        "utp:k, argument 1 has no '='",
        "utp:=v, argument 1 has an empty key",
        "utp:k=v;, argument 2 has no ':' behind the transport's name",
        "utp:k=v;utp, argument 2 has no ':' behind the transport's name",
        "utp:k=v\\, argument 1 ends in a lone backslash",
    })
    void refusesMalformedServerOptions(String text, String message) {
        PtParseException e = assertThrows(PtParseException.class, () -> TransportArgs.parseServerOptions(text));
        assertEquals(message, e.getMessage());
    }

    @Test
    void everyFormSurvivesARoundTrip() throws Exception {
        Random random = new Random(1928);
        for (int round = 0; round < 2_000; round++) {
            String where = "seed 1928, round " + round;
            TransportArgs args = randomArgs(random, "ab=;:,\\ \u00fc\n");
            assertEquals(args, TransportArgs.parseSocks(args.formatSocks()), where);
            TransportArgs ascii = randomArgs(random, "ab=;:,\\\"%~!");
            assertEquals(ascii, TransportArgs.parseSmethod(ascii.formatSmethod()), where);
            Map<String, TransportArgs> options = new LinkedHashMap<>();
            options.put("utp", args.and("k", "v"));
            options.put("other", ascii.and("k", "v"));
            assertEquals(options, TransportArgs.parseServerOptions(TransportArgs.formatServerOptions(options)), where);
        }
    }

    @Test
    void neverAcceptsAndForgets() {
        // Whatever random text is accepted must mean the same once it is written canonically.
        Random random = new Random(1929);
        int accepted = 0;
        for (int round = 0; round < 5_000; round++) {
            String text = randomText(random, "ab=;\\", 12);
            try {
                TransportArgs args = TransportArgs.parseSocks(text);
                accepted++;
                assertEquals(args, TransportArgs.parseSocks(args.formatSocks()), "seed 1929, round " + round);
            } catch (PtParseException e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith("argument "), "seed 1929, round " + round);
            }
        }
        assertTrue(accepted > 500, "too few accepted to mean anything: " + accepted);
    }

    @Test
    void findsValues() {
        TransportArgs args = args("k", "1", "l", "2", "k", "3");
        assertEquals(Optional.of("1"), args.first("k"));
        assertEquals(Optional.empty(), args.first("m"));
        assertEquals(List.of("1", "3"), args.all("k"));
        assertFalse(args.isEmpty());
        assertTrue(TransportArgs.of(List.of()).isEmpty());
    }

    @Test
    void showsNoValues() {
        assertEquals(
                "TransportArgs[cert, iat]", args("cert", "secret", "iat", "0").toString());
    }

    private static TransportArgs randomArgs(Random random, String alphabet) {
        List<TransportArgs.Arg> args = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            args.add(new TransportArgs.Arg(randomText(random, alphabet, 6) + "k", randomText(random, alphabet, 6)));
        }
        return TransportArgs.of(args);
    }

    private static String randomText(Random random, String alphabet, int maxLength) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
