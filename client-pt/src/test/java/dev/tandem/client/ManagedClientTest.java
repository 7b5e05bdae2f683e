package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.IpAddresses;
import dev.tandem.utp.paired.ServerIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client as tor sees it: its standard output, its SOCKS port, its exit. */
@Timeout(60)
class ManagedClientTest {
    private static final Pattern ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+|::1");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>();
        variables.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        variables.put("TOR_PT_STATE_LOCATION", folder.resolve("state").toString());
        variables.put("TOR_PT_CLIENT_TRANSPORTS", "utp");
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        return variables;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TOR_PT_MANAGED_TRANSPORT_VER | 2 | VERSION-ERROR no-version",
                "TOR_PT_CLIENT_TRANSPORTS | | ENV-ERROR ",
                "TOR_PT_SERVER_TRANSPORTS | utp | ENV-ERROR ",
                "TOR_PT_STATE_LOCATION | | ENV-ERROR ",
                "TOR_PT_STATE_LOCATION | relative/path | ENV-ERROR ",
                "TOR_PT_EXIT_ON_STDIN_CLOSE | 1 | CMETHODS DONE",
                "TOR_PT_PROXY | gopher://127.0.0.1:9 | PROXY-ERROR ",
                "TOR_PT_OUTBOUND_BIND_ADDRESS_V4 | nonsense | ENV-ERROR ",
            })
    void answersABadEnvironmentWithTheRightLine(String variable, String value, String expected) throws Exception {
        Map<String, String> variables = environment();
        if (value == null) {
            variables.remove(variable);
        } else {
            variables.put(variable, value);
        }
        try (ManagedRun run = new ManagedRun(variables)) {
            run.await(expected.strip());
            if (!expected.startsWith("CMETHODS")) {
                assertEquals(1, run.exitCode());
            }
        }
    }

    @Test
    void namesMetricsThatOthersCouldSeeAndStays() throws Exception {
        try (ManagedRun run = new ManagedRun(environment(), "0.0.0.0:9151")) {
            String line = run.await("CMETHOD-ERROR utp ");
            assertTrue(line.contains("--metrics takes ADDRESS:PORT of the loopback interface"), line);
            run.await("CMETHODS DONE");
            assertTrue(run.isRunning());
        }
    }

    @Test
    void goesOnWithoutMetricsWhosePortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ManagedRun run = new ManagedRun(environment(), "127.0.0.1:" + taken.getLocalPort())) {
            run.await("CMETHOD utp socks5 ");
            run.await("CMETHODS DONE");
            String line = run.await("LOG SEVERITY=warning ");
            assertTrue(
                    line.contains("metrics: cannot listen")
                            && !ADDRESS.matcher(line).find(),
                    line);
            assertTrue(run.isRunning());
        }
    }

    @Test
    void saysNothingOfATransportThatIsNotOurs() throws Exception {
        Map<String, String> variables = environment();
        variables.put("TOR_PT_CLIENT_TRANSPORTS", "obfs4,snowflake");
        try (ManagedRun run = new ManagedRun(variables)) {
            run.await("CMETHODS DONE");
            assertEquals(List.of("VERSION 1", "CMETHODS DONE"), run.lines().subList(0, 2));
        }
    }

    @Test
    void namesAStateFolderThatCannotBeMade() throws Exception {
        Files.writeString(folder.resolve("state"), "in the way");
        try (ManagedRun run = new ManagedRun(environment())) {
            String line = run.await("ENV-ERROR ");
            assertTrue(line.contains("state"), line);
            assertEquals(1, run.exitCode());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "carrier=tls | cert= is missing",
                "cert=AAAA | cert= is of a version",
                "cert=not*base64 | cert= is not base64url",
                "cert=%CERT;carrier=pigeon | carrier= takes auto, tls or utp",
                "cert=%CERT;cc=reno | cc= takes bbr, cubic, ledbat or ledbat++",
                "cert=%CERT;cert=%CERT | cert= is there twice",
                "cert=%CERT;colour=red | unknown argument colour=",
            })
    void namesTheArgumentThatIsWrongAndNotItsValue(String arguments, String expected) throws Exception {
        try (ManagedRun run = new ManagedRun(environment());
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(1, socks.request(unused(), arguments.replace("%CERT", Bridge.CERT)));
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains(expected), line);
            assertFalse(line.contains(Bridge.CERT) || line.contains("red") || line.contains("pigeon"), line);
        }
    }

    @Test
    void tellsAWrongPinFromARefusedConnection() throws Exception {
        try (ManagedRun run = new ManagedRun(environment());
                Bridge bridge = new Bridge()) {
            InetSocketAddress proxy = Socks.proxyOf(run.await("CMETHOD "));
            String other =
                    ServerIdentity.generate(new SecureRandom()).bridgeCert().encoded();
            try (Socks socks = new Socks(proxy)) {
                assertEquals(1, socks.request(bridge.address, "cert=" + other));
                assertTrue(run.await("LOG SEVERITY=warning").contains("not the one that cert= names"));
            }
            try (Socks socks = new Socks(proxy)) {
                assertEquals(5, socks.request(unused(), "cert=" + Bridge.CERT));
                assertTrue(run.await("LOG SEVERITY=warning").contains("connection refused"));
            }
        }
    }

    @Test
    void aBridgeThatIsFullIsToldInOneLine() throws Exception {
        try (ManagedRun run = new ManagedRun(environment());
                Bridge bridge = Bridge.ofSessions(1)) {
            InetSocketAddress proxy = Socks.proxyOf(run.await("CMETHOD "));
            try (Socks first = new Socks(proxy);
                    Socks second = new Socks(proxy)) {
                assertEquals(0, first.request(bridge.address, "cert=" + Bridge.CERT));
                first.socket.getOutputStream().write(7);
                assertEquals(7, first.in.read());
                assertEquals(0, second.request(bridge.address, "cert=" + Bridge.CERT));
                assertEquals(-1, second.in.read(), "an end, and no reset");
                String line = run.await("LOG SEVERITY=warning");
                assertTrue(line.contains("session ended: the bridge has no room for another session now; "), line);
                assertEquals(
                        1,
                        run.logLines().stream()
                                .filter(each -> each.contains("SEVERITY=warning"))
                                .count());
            }
        }
    }

    /** An address of nobody's: it is refused before anything leaves. */
    @Test
    void dialsFromTheAddressThatItIsGiven() throws Exception {
        Map<String, String> variables = environment();
        variables.put("TOR_PT_OUTBOUND_BIND_ADDRESS_V4", "192.0.2.77");
        try (ManagedRun run = new ManagedRun(variables)) {
            InetSocketAddress proxy = Socks.proxyOf(run.await("CMETHOD "));
            try (Socks socks = new Socks(proxy)) {
                assertEquals(1, socks.request(IpAddresses.parseAddressPort("192.0.2.1:443"), "cert=" + Bridge.CERT));
                assertTrue(run.await("LOG SEVERITY=warning").contains("the local address cannot be bound"));
            }
            // On this machine it is of no use.
            try (Socks socks = new Socks(proxy)) {
                assertEquals(5, socks.request(unused(), "cert=" + Bridge.CERT));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"HTTP/1.1 400 Bad Request", "''"})
    void tellsAServerThatIsNotOurs(String answer) throws Exception {
        try (ManagedRun run = new ManagedRun(environment());
                ServerSocket stranger = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress proxy = Socks.proxyOf(run.await("CMETHOD "));
            Thread server = new Thread(() -> {
                try (Socket socket = stranger.accept()) {
                    socket.getInputStream().read();
                    socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // the client has gone, which is what it should do
                }
            });
            server.start();
            try (Socks socks = new Socks(proxy)) {
                int reply = socks.request((InetSocketAddress) stranger.getLocalSocketAddress(), "cert=" + Bridge.CERT);
                assertTrue(reply == 1 || reply == 5, "reply " + reply);
            }
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("no session with the bridge: "), line);
            server.join();
        }
    }

    @Test
    void carriesBytesWhileOthersTalkNonsense() throws Exception {
        byte[] content = new byte[5_000_000];
        new Random(8).nextBytes(content);
        try (ManagedRun run = new ManagedRun(environment());
                Bridge bridge = new Bridge()) {
            InetSocketAddress proxy = Socks.proxyOf(run.await("CMETHOD "));
            try (Socks nonsense = new Socks(proxy);
                    Socks cutOff = new Socks(proxy);
                    Socks socks = new Socks(proxy)) {
                nonsense.socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                cutOff.socket.getOutputStream().write(new byte[] {5, 2, 0});
                cutOff.socket.shutdownOutput();
                assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
                run.await("STATUS TRANSPORT=utp CONNECT=Success");
                run.await("STATUS TRANSPORT=utp CARRIER=tls");
                run.await("STATUS TRANSPORT=utp CARRIER=utp");
                Thread writer = new Thread(() -> {
                    try {
                        socks.socket.getOutputStream().write(content);
                        socks.socket.shutdownOutput();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
                writer.start();
                assertArrayEquals(content, socks.in.readAllBytes());
                writer.join();
                assertEquals(-1, cutOff.in.read());
            }
            run.await("LOG SEVERITY=info MESSAGE=\"session ended: finished");
            awaitCounters(content.length);
            for (String line : run.lines()) {
                assertFalse(
                        !line.startsWith("CMETHOD ") && ADDRESS.matcher(line).find(), line);
            }
            for (String line : run.lines()) {
                assertFalse(line.contains(Bridge.CERT), line);
            }
        }
    }

    /** Those of a server of the same tor, which has the same folder, are not touched. */
    @Test
    void countsWhereItIsTold() throws Exception {
        Path state = Files.createDirectories(folder.resolve("state"));
        Path servers = Files.writeString(state.resolve("carriers.json"), "a server's");
        try (ManagedRun run = new ManagedRun(environment(), null, "dialled.json")) {
            run.await("CMETHODS DONE");
        }
        assertTrue(Files.readString(state.resolve("dialled.json")).startsWith("{\"sessions\":0"));
        assertEquals("a server's", Files.readString(servers));
    }

    private void awaitCounters(int bytes) throws IOException {
        // Written twice a second.
        Path file = folder.resolve("state").resolve("carriers.json");
        Pattern received = Pattern.compile("\"received\":(\\d+)");
        long sum = 0;
        while (sum < bytes) {
            String json = Files.exists(file) ? Files.readString(file) : "";
            sum = received.matcher(json)
                    .results()
                    .mapToLong(match -> Long.parseLong(match.group(1)))
                    .sum();
            Thread.onSpinWait();
        }
        assertEquals(bytes, sum);
    }

    /** An address where nobody listens. */
    private static InetSocketAddress unused() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }
}
