package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportMessagesTest {
    private static final InetSocketAddress ADDRESS = TestAddresses.socket("127.0.0.1:19999");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final TransportMessages messages = new TransportMessages(out);

    private static final Map<String, Consumer<TransportMessages>> ALL = new LinkedHashMap<>();

    static {
        ALL.put("VERSION", m -> m.version("1"));
        ALL.put("VERSION-ERROR", m -> m.versionError("no-version"));
        ALL.put("ENV-ERROR", m -> m.envError("x"));
        ALL.put("PROXY DONE", TransportMessages::proxyDone);
        ALL.put("PROXY-ERROR", m -> m.proxyError("x"));
        ALL.put("CMETHOD", m -> m.cmethod("utp", ADDRESS));
        ALL.put("CMETHOD-ERROR", m -> m.cmethodError("utp", "x"));
        ALL.put("CMETHODS DONE", TransportMessages::cmethodsDone);
        ALL.put("SMETHOD", m -> m.smethod("utp", ADDRESS, TransportArgs.empty()));
        ALL.put("SMETHOD-ERROR", m -> m.smethodError("utp", "x"));
        ALL.put("SMETHODS DONE", TransportMessages::smethodsDone);
        ALL.put("LOG", m -> m.log(Severity.INFO, "x"));
        ALL.put("STATUS", m -> m.status("utp", Map.of()));
    }

    @Test
    void aClientSession() {
        messages.version("1");
        messages.proxyDone();
        messages.cmethod("trebuchet", ADDRESS);
        messages.cmethodError("rot_by_N", "no cows\navailable");
        messages.cmethodsDone();
        assertEquals("""
                VERSION 1
                PROXY DONE
                CMETHOD trebuchet socks5 127.0.0.1:19999
                CMETHOD-ERROR rot_by_N no cows available
                CMETHODS DONE
                """, written());
    }

    @Test
    void aServerSession() throws Exception {
        messages.version("1");
        messages.smethod("trebuchet", IpAddresses.parseAddressPort("[2001:db8::1]:443"), TransportArgs.empty());
        messages.smethod("utp", ADDRESS, TransportArgs.of("cert", "A_z-9").and("n", "a,b=c\\d"));
        messages.smethodError("rot_by_N", "");
        messages.smethodsDone();
        assertEquals("""
                VERSION 1
                SMETHOD trebuchet [2001:db8::1]:443
                SMETHOD utp 127.0.0.1:19999 ARGS:cert=A_z-9,n=a\\,b\\=c\\\\d
                SMETHOD-ERROR rot_by_N unknown error
                SMETHODS DONE
                """, written());
    }

    /** After the messages in front, exactly those behind are allowed. */
    @ParameterizedTest
    @CsvSource({
        "'', VERSION|VERSION-ERROR|ENV-ERROR",
        "VERSION-ERROR, ''",
        "ENV-ERROR, ''",
        "VERSION, ENV-ERROR|PROXY DONE|PROXY-ERROR|CMETHOD|CMETHOD-ERROR|CMETHODS DONE|SMETHOD|SMETHOD-ERROR|SMETHODS DONE",
        "VERSION|ENV-ERROR, ''",
        "VERSION|PROXY-ERROR, ''",
        "VERSION|PROXY DONE, CMETHOD|CMETHOD-ERROR|CMETHODS DONE|SMETHOD|SMETHOD-ERROR|SMETHODS DONE",
        "VERSION|CMETHOD, CMETHOD|CMETHOD-ERROR|CMETHODS DONE",
        "VERSION|CMETHOD-ERROR, CMETHOD|CMETHOD-ERROR|CMETHODS DONE",
        "VERSION|SMETHOD, SMETHOD|SMETHOD-ERROR|SMETHODS DONE",
        "VERSION|SMETHOD-ERROR, SMETHOD|SMETHOD-ERROR|SMETHODS DONE",
        "VERSION|CMETHODS DONE, ''",
        "VERSION|SMETHODS DONE, ''",
        "LOG|STATUS, VERSION|VERSION-ERROR|ENV-ERROR",
    })
    void keepsTheOrder(String before, String allowed) {
        Set<String> found = ALL.keySet().stream()
                .filter(name -> isAllowedAfter(before, name))
                .collect(Collectors.toSet());
        Set<String> expected = words(allowed).stream().collect(Collectors.toSet());
        expected.add("LOG");
        expected.add("STATUS");
        assertEquals(expected, found);
    }

    private static boolean isAllowedAfter(String before, String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransportMessages messages = new TransportMessages(out);
        words(before).forEach(word -> send(messages, word));
        int size = out.size();
        try {
            send(messages, name);
            return true;
        } catch (IllegalStateException e) {
            assertEquals(size, out.size(), "a refused message writes nothing");
            return false;
        }
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\|", -1));
    }

    private static void send(TransportMessages messages, String name) {
        Consumer<TransportMessages> message = ALL.get(name);
        if (message == null) {
            throw new AssertionError("no such message: " + name);
        }
        message.accept(messages);
    }

    @ParameterizedTest
    @CsvSource({
        "plain, '\"plain\"'",
        "a b, '\"a b\"'",
        "'', '\"\"'",
        "'say \"hi\" \\o/', '\"say \\\"hi\\\" \\\\o/\"'",
        "'two\r\nlines\t1', '\"two  lines 1\"'",
        "ü1, '\"\\303\\2741\"'",
        "'a\0b\u007fc\u0085d', '\"a b c d\"'",
    })
    void logQuotes(String text, String quoted) {
        messages.log(Severity.WARNING, text);
        assertEquals("LOG SEVERITY=warning MESSAGE=" + quoted + "\n", written());
    }

    @Test
    void severitiesAreTors() {
        for (Severity severity : Severity.values()) {
            messages.log(severity, "x");
        }
        assertEquals(
                List.of("error", "warning", "notice", "info", "debug").stream()
                        .map(severity -> "LOG SEVERITY=" + severity + " MESSAGE=\"x\"\n")
                        .collect(Collectors.joining()),
                written());
    }

    @Test
    void status() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("CARRIER", "utp");
        values.put("WHY", "it \"works\"\n");
        messages.status("utp", values);
        messages.statusVersion("tandem", "0.1.0-SNAPSHOT build 1");
        assertEquals("""
                STATUS TRANSPORT=utp CARRIER=utp WHY="it \\"works\\"\\012"
                STATUS TYPE=version IMPLEMENTATION=tandem VERSION="0.1.0-SNAPSHOT build 1"
                """, written());
        assertThrows(IllegalArgumentException.class, () -> messages.status("utp", Map.of("a b", "c")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "u-tp", "1utp", "utp utp", "utp\n"})
    void refusesNamesThatTorWouldNotTake(String name) {
        messages.version("1");
        assertThrows(IllegalArgumentException.class, () -> messages.cmethod(name, ADDRESS));
        assertThrows(IllegalArgumentException.class, () -> messages.cmethodError(name, "x"));
        assertThrows(IllegalArgumentException.class, () -> messages.smethod(name, ADDRESS, TransportArgs.empty()));
        assertThrows(IllegalArgumentException.class, () -> messages.smethodError(name, "x"));
        assertThrows(IllegalArgumentException.class, () -> messages.status(name, Map.of()));
        assertEquals("VERSION 1\n", written());
    }

    @Test
    void refusesPortsThatWereNotBound() {
        messages.version("1");
        InetSocketAddress unbound = TestAddresses.socket("127.0.0.1:0");
        assertThrows(IllegalArgumentException.class, () -> messages.cmethod("utp", unbound));
        assertEquals("VERSION 1\n", written());
    }

    @ParameterizedTest
    @CsvSource({
        "'a\r\nb\tc', a b c",
        "' a  b ', a b",
        "'\n', unknown error",
        "'a\0b', a b",
        "ü\u2028x, ? x",
    })
    void errorMessagesAreOneLine(String text, String line) {
        messages.versionError(text);
        assertEquals("VERSION-ERROR " + line + "\n", written());
    }

    @Test
    void flushesEveryLineAsOneWrite() {
        List<String> calls = new ArrayList<>();
        TransportMessages traced = new TransportMessages(new OutputStream() {
            @Override
            public void write(int b) {
                calls.add("byte");
            }

            @Override
            public void write(byte[] b, int off, int len) {
                calls.add(new String(b, off, len, StandardCharsets.US_ASCII));
            }

            @Override
            public void flush() {
                calls.add("flush");
            }
        });
        traced.version("1");
        traced.cmethodsDone();
        assertEquals(List.of("VERSION 1\n", "flush", "CMETHODS DONE\n", "flush"), calls);
    }

    @Test
    void aDeadTorIsNoException() {
        OutputStream dead = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        for (OutputStream stream : List.of(dead, new PrintStream(dead, true, StandardCharsets.US_ASCII))) {
            TransportMessages broken = new TransportMessages(stream);
            assertFalse(broken.isBroken());
            broken.version("1");
            assertTrue(broken.isBroken());
            broken.cmethodsDone();
            broken.log(Severity.ERROR, "nobody reads this");
        }
    }

    private String written() {
        return out.toString(StandardCharsets.US_ASCII);
    }
}
