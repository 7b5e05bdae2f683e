package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line. */
class ClientMainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return new CommandLine(new ClientMain(Map.of()))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }

    @Test
    void saysThatTorDidNotStartIt() {
        assertEquals(2, run());
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().contains("standalone"));
    }

    @ParameterizedTest
    @CsvSource({"--help", "--version", "standalone --help", "standalone --version"})
    void helps(String arguments) {
        assertEquals(0, run(arguments.split(" ")));
        assertTrue(out.toString().contains("client-pt"), out.toString());
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | 127.0.0.1:0 | utp 127.0.0.1:1 | cert= is missing",
                "2 | 127.0.0.1:0 | utp 127.0.0.1:1 cert=AAAA | cert= is of a version",
                "2 | 127.0.0.1:0 | obfs4 127.0.0.1:1 cert=AAAA | the transport utp, not obfs4",
                "2 | 127.0.0.1:0 | utp nowhere cert=AAAA | address",
                "2 | nowhere | utp 127.0.0.1:1 cert=%CERT | --listen",
                "1 | 192.0.2.1:4000 | utp 127.0.0.1:1 cert=%CERT | cannot listen",
            })
    void namesWhatIsWrongInOneLine(int exitCode, String listen, String bridge, String expected) {
        String line = bridge.replace("%CERT", Bridge.CERT);
        assertEquals(exitCode, run("standalone", "--listen", listen, "--bridge", line));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: ") && err.toString().contains(expected), err.toString());
    }

    @Test
    void namesABridgeFileThatIsNotThere() {
        assertEquals(1, run("standalone", "--listen", "127.0.0.1:0", "--bridge-file", "/nonexistent/line"));
        assertEquals(1, err.toString().lines().count(), err.toString());
    }
}
