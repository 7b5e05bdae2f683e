package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ExitCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line. */
class ServerMainTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return ServerMain.commandLine(Map.of())
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
    @CsvSource({"--help", "--version", "standalone --help", "standalone --version", "doctor --help"})
    void helps(String arguments) {
        assertEquals(0, run(arguments.split(" ")));
        assertTrue(out.toString().contains("server-pt"), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void listsItsExitCodes() {
        run("standalone", "--help");
        for (String code : ExitCode.texts().keySet()) {
            assertTrue(out.toString().lines().anyMatch(line -> line.strip().startsWith(code + " ")), code);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | nowhere | localhost:22 | --listen",
                "2 | 127.0.0.1:70000 | localhost:22 | --listen",
                "2 | 127.0.0.1:0 | localhost | --forward takes HOST:PORT",
                "2 | 127.0.0.1:0 | localhost:0 | --forward takes HOST:PORT",
                "78 | 127.0.0.1:0 | no-such-host.invalid:22 | does not resolve",
                "71 | 192.0.2.1:4000 | localhost:22 | cannot listen",
            })
    void namesWhatIsWrongInOneLine(int exitCode, String listen, String forward, String expected) {
        String[] args = {"standalone", "--listen", listen, "--forward", forward, "--state", folder.toString()};
        assertEquals(exitCode, run(args));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("server-pt: ") && err.toString().contains(expected), err.toString());
    }

    /** What is behind it need not be a relay's ORPort: whoever wants strangers to reach it has to name it. */
    @Test
    void hasNoOrPortWithoutTor() {
        assertEquals(78, runWithDecoy("127.0.0.1:0", "orport"));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("server-pt: decoy=orport: there is no tor"), err.toString());
    }

    @Test
    void isNotItsOwnDecoy() throws Exception {
        int port;
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = unused.getLocalPort();
        }
        String here = "127.0.0.1:" + port;
        assertEquals(78, runWithDecoy(here, here));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("server-pt: the decoy is this bridge itself"), err.toString());
    }

    private int runWithDecoy(String listen, String decoy) {
        String forward = "127.0.0.1:22";
        String state = folder.toString();
        return run(
                "standalone", "--listen", listen, "--forward", forward, "--state", state, "--option", "decoy=" + decoy);
    }
}
