package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ExitCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line. */
class ClientMainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return ClientMain.commandLine(Map.of())
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
                "71 | 192.0.2.1:4000 | utp 127.0.0.1:1 cert=%CERT | --listen: cannot listen",
            })
    void namesWhatIsWrongInOneLine(int exitCode, String listen, String bridge, String expected) {
        String line = bridge.replace("%CERT", Bridge.CERT);
        assertEquals(exitCode, run("standalone", "--listen", listen, "--bridge", line));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: ") && err.toString().contains(expected), err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | 192.0.2.1:9151 | --metrics takes ADDRESS:PORT of the loopback interface, or unix:/PATH; that address",
                "2 | 9151 | --metrics takes ADDRESS:PORT of the loopback",
                "71 | unix:/nonexistent/m.sock | metrics: the Unix socket cannot be made",
            })
    void namesMetricsThatCannotBeShown(int exitCode, String address, String expected) {
        String line = "utp 127.0.0.1:1 cert=" + Bridge.CERT;
        assertEquals(exitCode, run("standalone", "--listen", "127.0.0.1:0", "--bridge", line, "--metrics", address));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: " + expected), err.toString());
    }

    /** What else is in the state folder is not to be written over. */
    @ParameterizedTest
    @ValueSource(strings = {"identity.pem", "utp_paths", "../dialled.json", ".json", ""})
    void countsInAFileOfItsOwn(String name) {
        int exitCode = ClientMain.commandLine(Map.of("TOR_PT_MANAGED_TRANSPORT_VER", "1"))
                .setErr(new PrintWriter(err, true))
                .execute("--counters", name);
        assertEquals(2, exitCode);
        assertEquals(
                "client-pt: --counters takes a plain file name that ends in .json; see --help",
                err.toString().strip());
    }

    /** Half a bridge line behind a missing quote, and what people mistype. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "standalone --listen 127.0.0.1:0 --bridge utp 192.0.2.1:1 cert=SECRET | an argument that is none",
                "standalone --listen 127.0.0.1:0 --bridge x --brigde=SECRET | there is no option --brigde;",
                "standalone --listen 127.0.0.1:0 | --bridge",
                "SECRET 192.0.2.1 | an argument that is none",
            })
    void repeatsNoArgumentInAnError(String arguments, String expected) {
        assertEquals(2, run(arguments.split(" ")));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: ") && err.toString().contains(expected), err.toString());
        assertFalse(err.toString().contains("SECRET") || err.toString().contains("192.0"), err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--proxy | socks9://SECRET:SECRET@127.0.0.1:1 | --proxy: the upstream proxy must be socks4a://",
                "--proxy | socks5://SECRET@127.0.0.1:1 | --proxy: a SOCKS 5 upstream proxy needs a user name and a password",
                "--proxy | http://SECRET.example:1 | --proxy: the upstream proxy's address: not IP:PORT",
                "--proxy-file | /nonexistent/SECRET | the file with the proxy's URI cannot be read",
                "--bind-v4 | [::1] | --bind-v4: malformed IPv4 address",
                "--bind-v6 | 192.0.2.1 | --bind-v6: ",
                "--bind-v6 | ::ffff:192.0.2.1 | --bind-v6: an IPv4 address",
            })
    void namesAWrongWayOutAndNotWhatWasGiven(String option, String value, String expected) {
        String line = "utp 127.0.0.1:1 cert=" + Bridge.CERT;
        assertNotEquals(0, run("standalone", "--listen", "127.0.0.1:0", "--bridge", line, option, value));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: " + expected), err.toString());
        assertFalse(err.toString().contains("SECRET") || err.toString().contains("192.0"), err.toString());
    }

    @Test
    void goesThroughAProxyOrAroundItButNotBoth() {
        assertEquals(
                2,
                run("standalone --listen 127.0.0.1:0 --bridge x --proxy socks5://127.0.0.1:1 --proxy-file SECRET"
                        .split(" ")));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertFalse(err.toString().contains("SECRET") || err.toString().contains("127.0"), err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--option | mtu | --option takes KEY=VALUE",
                "-o | mtu=SECRET | --option: mtu= takes a number from 576 to 65000",
                "-o | speed=SECRET | --option: unknown argument speed=; this transport takes carrier=, cc=, mtu= and idle=",
                "-o | cert=SECRET | --option: unknown argument cert=;",
                "--socks | SECRET | --socks: not IP:PORT",
                "--config | /nonexistent/file | /nonexistent/file: cannot be read",
            })
    void namesAnOptionThatIsWrongAndWhatItTakes(String option, String value, String expected) {
        String line = "utp 127.0.0.1:1 cert=" + Bridge.CERT;
        int code = run("standalone", "--listen", "127.0.0.1:0", "--bridge", line, option, value);
        assertEquals(option.equals("--config") ? 78 : 2, code);
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: " + expected), err.toString());
        assertFalse(err.toString().contains("SECRET"), err.toString());
    }

    @Test
    void saysWhatItNeeds() {
        assertEquals(2, run("standalone"));
        assertTrue(
                err.toString().contains("--listen and --bridge (or --bridge-file), --socks, or --config"),
                err.toString());
    }

    @Test
    void takesNoOptionThatWouldChangeNothing() {
        assertEquals(2, run("standalone", "--socks", "0", "-o", "mtu=1200"));
        assertTrue(err.toString().contains("-o is for --bridge"), err.toString());
        assertEquals(2, run("standalone", "--config", "/dev/null", "--socks", "0"));
        assertTrue(err.toString().contains("--config takes the place of"), err.toString());
    }

    @Test
    void endsIfNoBridgeCanBeReachedOrAllRefuse() throws Exception {
        byte[] bytes = Base64.getUrlDecoder().decode(Bridge.CERT);
        bytes[bytes.length - 1] ^= 1; // the secret
        String wrong = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        String nobody = "utp 127.0.0.1:" + closed + " cert=" + Bridge.CERT;
        try (Bridge bridge = new Bridge()) {
            assertEquals(75, run("standalone", "--require-bridge", "--listen", "127.0.0.1:0", "--bridge", nobody));
            String line = "utp 127.0.0.1:" + bridge.address.getPort() + " cert=" + wrong;
            assertEquals(77, run("standalone", "--require-bridge", "--listen", "127.0.0.1:0", "--bridge", line));
            assertEquals("", out.toString(), "it did not listen");
            // With a bridge that takes us it goes on, to an address that it cannot have.
            String good = "utp 127.0.0.1:" + bridge.address.getPort() + " cert=" + Bridge.CERT;
            assertEquals(71, run("standalone", "--require-bridge", "--listen", "192.0.2.1:1", "--bridge", good));
        }
        assertEquals(
                3,
                err.toString().lines().filter(l -> l.startsWith("client-pt: ")).count(),
                err.toString());
        assertFalse(err.toString().contains(wrong) || err.toString().contains("127.0"), err.toString());
    }

    @Test
    void listsItsExitCodes() {
        run("standalone", "--help");
        for (String code : ExitCode.texts().keySet()) {
            assertTrue(out.toString().lines().anyMatch(line -> line.strip().startsWith(code + " ")), code);
        }
    }

    @Test
    void namesABridgeFileThatIsNotThere() {
        assertEquals(78, run("standalone", "--listen", "127.0.0.1:0", "--bridge-file", "/nonexistent/line"));
        assertEquals(1, err.toString().lines().count(), err.toString());
    }
}
