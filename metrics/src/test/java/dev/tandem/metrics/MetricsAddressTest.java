package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.metrics.MetricsAddress.Loopback;
import dev.tandem.metrics.MetricsAddress.UnixSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsAddressTest {
    @ParameterizedTest
    @CsvSource({"127.0.0.1:9151, 127.0.0.1, 9151", "127.3.2.1:1, 127.3.2.1, 1", "[::1]:65535, ::1, 65535"})
    void takesLoopbackAddresses(String value, String host, int port) {
        assertEquals(new Loopback(new InetSocketAddress(host, port)), MetricsAddress.parse("metrics=", value));
    }

    @Test
    void takesPaths() {
        assertEquals(
                new UnixSocket(Path.of("/run/tandem/m.sock")), MetricsAddress.parse("m=", "unix:/run/tandem/m.sock"));
        String longest = "/" + "x".repeat(79);
        assertEquals(new UnixSocket(Path.of(longest)), MetricsAddress.parse("metrics=", "unix:" + longest));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | or unix:/PATH",
                "9151 | or unix:/PATH",
                ":9151 | or unix:/PATH",
                "127.0.0.1 | or unix:/PATH",
                "127.0.0.1:0 | or unix:/PATH",
                "127.0.0.1:65536 | or unix:/PATH",
                "127.0.0.1:-1 | or unix:/PATH",
                "::1:9151 | or unix:/PATH",
                "[::1%lo]:9151 | or unix:/PATH",
                "localhost:9151 | or unix:/PATH",
                "unix:m.sock | or unix:/PATH",
                "unix:/run/ | or unix:/PATH",
                "unix: | or unix:/PATH",
                "0.0.0.0:9151 | not one that only this machine reaches",
                "192.0.2.1:9151 | not one that only this machine reaches",
                "[::]:9151 | not one that only this machine reaches",
                "[2001:db8::1]:9151 | not one that only this machine reaches",
            })
    void namesTheOptionAndWhatItTakes(String value, String expected) {
        String message = message(value);
        assertTrue(message.startsWith("metrics= takes ADDRESS:PORT of the loopback interface"), message);
        assertTrue(message.endsWith(expected), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void refusesAPathThatIsTooLong() {
        assertEquals(
                "metrics=: the path of a Unix socket has at most 80 bytes here", message("unix:/" + "x".repeat(80)));
    }

    private static String message(String value) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> MetricsAddress.parse("metrics=", value))
                        .getMessage());
    }
}
