package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code doctor}. */
class DoctorClientTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "doctor";
        System.arraycopy(args, 0, all, 1, args.length);
        return ClientMain.commandLine(Map.of())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
    }

    private void assertSays(String text) {
        assertTrue(out.toString().contains(text), out.toString());
    }

    /** Nothing else: it is to be appended to a file. */
    @Test
    void printsRulesForAppArmor() {
        assertEquals(0, run("--apparmor"), out.toString());
        assertTrue(out.toString().lines().skip(1).allMatch(line -> line.endsWith(",")), out.toString());
        assertSays("/bin/java mrix,");
        assertEquals("", err.toString());
    }

    @Test
    void looksAtTheMachineAlone() {
        assertEquals(0, run(), out.toString());
        assertSays("ok    Java ");
        assertSays("note  torrc: none was named");
        assertSays("note  bridge: none was named");
        assertEquals("", err.toString());
    }

    @Test
    void dialsABridge() throws Exception {
        try (Bridge bridge = new Bridge()) {
            Path file = folder.resolve("line");
            Files.writeString(
                    file,
                    "# from a friend\nBridge utp 127.0.0.1:" + bridge.address.getPort() + " carrier=tls cert="
                            + Bridge.CERT + "\n");
            assertEquals(0, run("--bridge-file", file.toString()), out.toString());
        }
        assertSays("ok    bridge line: complete");
        assertSays("ok    proof: the bridge accepts its secret");
        assertFalse(out.toString().contains(Bridge.CERT.substring(44)), out.toString());
    }

    @Test
    void failsForABridgeThatIsNotThere() {
        assertEquals(1, run("--bridge", "utp 127.0.0.1:1 cert=" + Bridge.CERT));
        assertSays("FAIL  TCP: refused");
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "utp 127.0.0.1:1 | FAIL  bridge line: cert= is missing",
                "utp ADDRESS:443 cert=%CERT | FAIL  bridge line: address 'ADDRESS:443'",
                "obfs4 127.0.0.1:1 cert=%CERT | FAIL  bridge line: it is for the transport obfs4",
            })
    void explainsALineInsteadOfDialling(String line, String expected) {
        assertEquals(1, run("--bridge", line.replace("%CERT", Bridge.CERT)));
        assertSays(expected);
        assertFalse(out.toString().contains("TCP:") || out.toString().contains(Bridge.CERT), out.toString());
    }

    @Test
    void readsATorrc() throws Exception {
        Path torrc = folder.resolve("torrc");
        Files.writeString(torrc, "UseBridges 1\nBridge utp 192.0.2.1:443 cert=" + Bridge.CERT + "\n");
        assertEquals(1, run("--torrc", torrc.toString()));
        assertSays("ok    torrc: UseBridges 1");
        assertSays("ok    torrc line 2, Bridge: complete, 192.0.2.1:443");
        assertSays("FAIL  torrc has no ClientTransportPlugin line for utp");
        assertSays("          ClientTransportPlugin utp exec /");
    }

    @Test
    void failsForATorrcThatIsNotThere() {
        assertEquals(1, run("--torrc", folder.resolve("nothing").toString()));
        assertSays("cannot be read");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--listen nowhere | --listen",
                "--bind-v4 ::1 | --bind-v4",
                "--proxy socks9://SECRET@127.0.0.1:1 | --proxy",
                "--brigde SECRET | there is no option --brigde",
                "--bridge x --bridge-file SECRET | --bridge",
            })
    void tellsWrongUsageInOneLine(String arguments, String expected) {
        assertEquals(2, run(arguments.split(" ")));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("client-pt: ") && err.toString().contains(expected), err.toString());
        assertFalse(err.toString().contains("SECRET"), err.toString());
    }
}
