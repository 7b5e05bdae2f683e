package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

@Timeout(60)
class UtpCatTest {
    /** One run of the program. */
    private static final class Run {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final StringWriter err = new StringWriter();
        int exitCode;
    }

    private static Run run(InputStream in, String... args) {
        Run run = new Run();
        run(run, in, run.out, args);
        return run;
    }

    private static void run(Run run, InputStream in, OutputStream out, String... args) {
        CommandLine line = UtpCat.commandLine(new UtpCat(Channels.newChannel(in), Channels.newChannel(out)))
                .setOut(new PrintWriter(run.err, true))
                .setErr(new PrintWriter(run.err, true));
        run.exitCode = line.execute(args);
    }

    private static InputStream nothing() {
        return InputStream.nullInputStream();
    }

    private static byte[] random(long seed, int bytes) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static int freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0, ledbat", "1, 0, bbr", "0, 1, ledbat", "3000000, 5000000, ledbat", "3000000, 5000000, bbr"})
    void exchangesBothWays(int up, int down, String congestion) throws Exception {
        String port = Integer.toString(freePort());
        byte[] toServer = random(1, up);
        byte[] toClient = random(2, down);
        CompletableFuture<Run> server = CompletableFuture.supplyAsync(() -> run(
                new ByteArrayInputStream(toClient), "-l", "-s", "127.0.0.1", "-p", port, "--congestion", congestion));
        Run client = run(new ByteArrayInputStream(toServer), "-v", "--congestion", congestion, "127.0.0.1", port);
        Run served = server.get(50, TimeUnit.SECONDS);
        assertEquals(0, client.exitCode, client.err.toString());
        assertEquals(0, served.exitCode, served.err.toString());
        assertArrayEquals(toServer, served.out.toByteArray());
        assertArrayEquals(toClient, client.out.toByteArray());
        assertTrue(client.err.toString().startsWith("utpcat: " + up + " bytes sent, " + down + " received"));
    }

    @Test
    void writesATraceOfEachSide(@TempDir Path folder) throws Exception {
        String port = Integer.toString(freePort());
        Path clientTrace = folder.resolve("client.qlog");
        Path serverTrace = folder.resolve("server.qlog");
        CompletableFuture<Run> server = CompletableFuture.supplyAsync(
                () -> run(nothing(), "-l", "-s", "127.0.0.1", "-p", port, "--qlog", serverTrace.toString()));
        Run client = run(
                new ByteArrayInputStream(random(4, 1_000_000)), "--qlog", clientTrace.toString(), "127.0.0.1", port);
        assertEquals(0, server.get(50, TimeUnit.SECONDS).exitCode);
        assertEquals(0, client.exitCode, client.err.toString());
        for (Path trace : List.of(clientTrace, serverTrace)) {
            String text = Files.readString(trace);
            assertTrue(
                    text.lines().allMatch(line -> line.startsWith("\u001e{") && line.endsWith("}")), trace.toString());
            assertTrue(text.contains("\"reason\":\"finished\""), trace.toString());
            assertFalse(text.contains("127.0.0.1"));
        }
        assertTrue(Files.readString(clientTrace).contains("\"type\":\"client\""));
        assertTrue(Files.readString(serverTrace).contains("\"type\":\"server\""));
    }

    @Test
    void saysInOneLineThatTheTraceCannotBeWritten(@TempDir Path folder) {
        String file = folder.resolve("none").resolve("trace").toString();
        Run run = run(nothing(), "--qlog", file, "127.0.0.1", "4000");
        assertEquals(1, run.exitCode);
        assertOneLine(run);
        assertTrue(run.err.toString().contains(file), run.err.toString());
    }

    @Test
    void saysInOneLineThatThePortIsInUse() throws Exception {
        try (DatagramSocket other = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            Run run = run(nothing(), "-l", "-s", "127.0.0.1", "-p", Integer.toString(other.getLocalPort()));
            assertEquals(1, run.exitCode);
            assertOneLine(run);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | 127.0.0.1",
                "2 | 127.0.0.1 0",
                "2 | 127.0.0.1 65536",
                "2 | 127.0.0.1 http",
                "2 | -l",
                "2 | -l -p 70000",
                "2 | -l -p 4000 127.0.0.1",
                "2 | -p 4000 127.0.0.1 4000",
                "2 | --nonsense",
                "2 | --congestion reno 127.0.0.1 4000",
                "1 | no-such-host.invalid 4000",
            })
    void refusesWhatMakesNoSense(int exitCode, String arguments) {
        Run run = run(nothing(), arguments.strip().split(" "));
        assertEquals(exitCode, run.exitCode, run.err.toString());
        assertOneLine(run);
        assertEquals(0, run.out.size());
    }

    @Test
    void anOutputThatBreaksEndsItWithOneLine() throws Exception {
        String port = Integer.toString(freePort());
        CompletableFuture<Run> server = CompletableFuture.supplyAsync(
                () -> run(new ByteArrayInputStream(random(3, 1_000_000)), "-l", "-s", "127.0.0.1", "-p", port));
        Run client = new Run();
        run(
                client,
                nothing(),
                new OutputStream() {
                    @Override
                    public void write(int value) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                },
                "127.0.0.1",
                port);
        assertEquals(1, client.exitCode);
        assertEquals("utpcat: standard output: Broken pipe" + System.lineSeparator(), client.err.toString());
        server.cancel(true);
    }

    @Test
    void helpsAndTellsItsVersion() {
        Run help = run(nothing(), "--help");
        assertEquals(0, help.exitCode);
        assertTrue(
                help.err.toString().contains("utpcat -l [-v] [--congestion NAME] [--qlog FILE] [-s ADDR] -p PORT"),
                help.err.toString());
        assertTrue(run(nothing(), "--version").err.toString().startsWith("utpcat (Tandem) "));
    }

    private static void assertOneLine(Run run) {
        String text = run.err.toString();
        assertTrue(text.startsWith("utpcat: "), text);
        assertEquals(1, text.lines().count(), text);
    }
}
