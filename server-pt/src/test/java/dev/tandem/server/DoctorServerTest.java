package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code doctor}. */
class DoctorServerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "doctor";
        System.arraycopy(args, 0, all, 1, args.length);
        return ServerMain.commandLine(Map.of())
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
        assertEquals("", err.toString());
    }

    @Test
    void looksAtWhatAStandaloneServerIsGiven() throws Exception {
        try (ServerSocket target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String forward = "localhost:" + target.getLocalPort();
            assertEquals(
                    0, run("--listen", "127.0.0.1:0", "--forward", forward, "-o", "max-sessions=1"), out.toString());
            assertSays("ok    --forward: TCP connects");
            assertSays("ok    --option: 1 accepted");
            assertSays("note  decoy: there is none");
            assertSays("open files: ");
            String taken = "127.0.0.1:" + target.getLocalPort();
            assertEquals(1, run("--listen", taken));
            assertSays("FAIL  port " + taken + ", TCP and UDP: TCP is taken by ");
        }
        assertEquals(1, run("-o", "max-sessions=0"));
        assertSays("FAIL  --option: max-sessions= takes a number from 1");
    }

    @Test
    void readsATorrc() throws Exception {
        Path torrc = folder.resolve("torrc");
        Files.writeString(torrc, """
                BridgeRelay 1
                ORPort 127.0.0.1:auto
                ServerTransportListenAddr utp 0.0.0.0:443
                ServerTransportOptions utp carrier=tls max-sessions=7
                """);
        assertEquals(1, run("--torrc", torrc.toString()));
        assertSays("FAIL  torrc has no ServerTransportPlugin line for utp");
        assertSays("ok    torrc: BridgeRelay 1");
        assertSays("ok    ServerTransportOptions: 2 accepted");
        // The policy has no UDP.
        assertSays("port 0.0.0.0:443, TCP: ");
        assertSays("7 sessions");
    }

    /** There is an ORPort under tor, and none for a standalone server. */
    @Test
    void knowsWhoHasAnOrPort() throws Exception {
        Path torrc = folder.resolve("torrc");
        Files.writeString(torrc, "ServerTransportOptions utp decoy=orport\n");
        run("--torrc", torrc.toString());
        assertSays("ok    ServerTransportOptions: 1 accepted");
        assertSays("ok    decoy: strangers reach tor's ORPort");
        assertEquals(1, run("-o", "decoy=orport"));
        assertSays("FAIL  decoy=orport: there is no tor that has named its ORPort");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--listen nowhere | --listen",
                "--forward nowhere | --forward takes HOST:PORT",
                "-o x | --option takes KEY=VALUE",
                "--lisen x | there is no option --lisen",
            })
    void tellsWrongUsageInOneLine(String arguments, String expected) {
        assertEquals(2, run(arguments.split(" ")));
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("server-pt: ") && err.toString().contains(expected), err.toString());
    }
}
