package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CloseReason;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bridge's side as tor sees it: its standard output, its state folder, what it hands to the ORPort. */
@Timeout(60)
class ManagedServerTest {
    private static final Pattern ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+|::1");
    private static final byte[] SECRET = "thirty-two bytes of cookie......".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private Path state() {
        return folder.resolve("state");
    }

    private Map<String, String> environment(InetSocketAddress orPort) {
        Map<String, String> variables = new HashMap<>();
        variables.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        variables.put("TOR_PT_STATE_LOCATION", state().toString());
        variables.put("TOR_PT_SERVER_TRANSPORTS", "utp");
        variables.put("TOR_PT_SERVER_BINDADDR", "utp-127.0.0.1:0");
        variables.put("TOR_PT_ORPORT", IpAddresses.format(orPort));
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        return variables;
    }

    private static InetSocketAddress unused() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    /** The parts of {@code SMETHOD utp ADDRESS ARGS:cert=…}. */
    private static InetSocketAddress addressOf(String smethod) throws Exception {
        return IpAddresses.parseAddressPort(smethod.split(" ", -1)[2]);
    }

    private static String certOf(String smethod) {
        return smethod.substring(smethod.indexOf("ARGS:cert=") + "ARGS:cert=".length());
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(5).nextBytes(content);
        return content;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TOR_PT_MANAGED_TRANSPORT_VER | 3 | VERSION-ERROR no-version",
                "TOR_PT_SERVER_TRANSPORTS | | ENV-ERROR ",
                "TOR_PT_CLIENT_TRANSPORTS | utp | ENV-ERROR ",
                "TOR_PT_ORPORT | | ENV-ERROR ",
                "TOR_PT_ORPORT | nonsense | ENV-ERROR ",
                "TOR_PT_SERVER_BINDADDR | utp-nowhere | ENV-ERROR ",
                "TOR_PT_EXTENDED_SERVER_PORT | 127.0.0.1:9 | ENV-ERROR ",
                "TOR_PT_STATE_LOCATION | | ENV-ERROR ",
            })
    void answersABadEnvironmentWithTheRightLine(String variable, String value, String expected) throws Exception {
        Map<String, String> variables = environment(unused());
        if (value == null) {
            variables.remove(variable);
        } else {
            variables.put(variable, value);
        }
        try (ManagedRun run = new ManagedRun(variables)) {
            run.await(expected.strip());
            assertEquals(1, run.exitCode());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "utp:carrier=pigeon | carrier= takes auto, tls or utp",
                "utp:cc=reno | cc= takes bbr, cubic, ledbat or ledbat++",
                "utp:metrics=0.0.0.0\\:9151 | that address is not one that only this machine reaches",
                "utp:metrics=9151 | metrics= takes ADDRESS:PORT of the loopback interface",
                "utp:colour=red | unknown option colour=",
                "utp:carrier=tls;utp:carrier=tls | carrier= is there twice",
                "utp:max-sessions=0 | max-sessions= takes a number from 1 to 1000000",
                "utp:max-sessions-per-address=many | max-sessions-per-address= takes a number from 1 to 1000000",
                "utp:max-half-open-utp=65537 | max-half-open-utp= takes a number from 1 to 65536",
                "utp:max-session-bytes=65535 | max-session-bytes= takes a number from 65536 to 268435456",
                "utp:max-log-lines-per-second= | max-log-lines-per-second= takes a number",
                "utp:max-handshakes-per-second=99999999999 | max-handshakes-per-second= takes a number",
                "utp:max-sessions=7;utp:max-sessions=8 | max-sessions= is there twice",
                "utp:decoy=here | decoy= takes HOST:PORT; or orport",
                "utp:decoy=orport;utp:decoy=orport | decoy= is there twice",
                "utp:max-strangers-per-address=0 | max-strangers-per-address= takes a number from 1 to 1000000",
                "utp:decoy=\\:443 | decoy= takes HOST:PORT",
                "utp:decoy=localhost\\:0 | with a port of 1 to 65535",
                "utp:decoy=nowhere.invalid\\:443 | decoy=: the host's name does not resolve",
                "utp:udp-source=all | udp-source= takes client or any",
            })
    void namesTheOptionThatIsWrongAndStays(String options, String expected) throws Exception {
        Map<String, String> variables = environment(unused());
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", options);
        try (ManagedRun run = new ManagedRun(variables)) {
            String line = run.await("SMETHOD-ERROR utp ");
            assertTrue(line.contains(expected), line);
            run.await("SMETHODS DONE");
            assertTrue(run.isRunning());
        }
    }

    @Test
    void metricsThatCannotBeShownAreToldAndTheBridgeWorks() throws Exception {
        Map<String, String> variables = environment(unused());
        Path taken = Files.writeString(folder.resolve("taken"), "precious");
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:metrics=unix\\:" + taken);
        try (ManagedRun run = new ManagedRun(variables)) {
            run.await("SMETHOD utp ");
            run.await("SMETHODS DONE");
            String line = run.await("LOG SEVERITY=warning ");
            assertTrue(line.contains("the place of the Unix socket is taken by something else"), line);
            assertTrue(run.isRunning());
        }
        assertEquals("precious", Files.readString(taken));
    }

    @Test
    void aPortInUseIsToldAndItStays() throws Exception {
        Map<String, String> variables = environment(unused());
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            variables.put("TOR_PT_SERVER_BINDADDR", "utp-127.0.0.1:" + taken.getLocalPort());
            try (ManagedRun run = new ManagedRun(variables)) {
                assertTrue(run.await("SMETHOD-ERROR utp ").contains("cannot listen"));
                run.await("SMETHODS DONE");
                assertTrue(run.isRunning());
            }
        }
    }

    @Test
    void aPortInUseForUdpIsToldAndItStays() throws Exception {
        Map<String, String> variables = environment(unused());
        try (DatagramSocket taken = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            variables.put("TOR_PT_SERVER_BINDADDR", "utp-127.0.0.1:" + taken.getLocalPort());
            try (ManagedRun run = new ManagedRun(variables)) {
                assertTrue(run.await("SMETHOD-ERROR utp ").contains("cannot listen: UDP: "));
                run.await("SMETHODS DONE");
                assertTrue(run.isRunning());
            }
        }
    }

    /** An address of nobody's: it is refused before anything leaves. */
    @Test
    void handsOnFromTheAddressThatItIsGiven() throws Exception {
        Map<String, String> variables = environment(IpAddresses.parseAddressPort("192.0.2.1:9001"));
        variables.put("TOR_PT_OUTBOUND_BIND_ADDRESS_V4", "192.0.2.77");
        try (ManagedRun run = new ManagedRun(variables)) {
            String smethod = run.await("SMETHOD utp ");
            try (Client client = new Client(addressOf(smethod), BridgeCert.parse(certOf(smethod)), content(1))) {
                String line = run.await("LOG SEVERITY=warning");
                assertTrue(line.contains("cannot hand a session on: ") && line.contains("assign"), line);
                client.closed();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    void aDamagedIdentityIsToldAndNotReplaced(String damaged) throws Exception {
        Files.createDirectories(state());
        Path file = Files.writeString(state().resolve("identity.pem"), damaged);
        try (ManagedRun run = new ManagedRun(environment(unused()))) {
            String line = run.await("SMETHOD-ERROR utp ");
            assertTrue(line.contains("identity.pem"), line);
            run.await("SMETHODS DONE");
        }
        assertEquals(damaged, Files.readString(file));
    }

    @Test
    void keepsItsIdentityAndItsSecretsToItself() throws Exception {
        String cert;
        try (ManagedRun run = new ManagedRun(environment(unused()))) {
            cert = certOf(run.await("SMETHOD utp "));
            run.await("SMETHODS DONE");
        }
        try (ManagedRun run = new ManagedRun(environment(unused()))) {
            assertEquals(cert, certOf(run.await("SMETHOD utp ")));
        }
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(state())));
        for (String name : new String[] {"identity.pem", "front.pem", "utp_bridgeline.txt"}) {
            Path file = state().resolve(name);
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        }
        String line = Files.readAllLines(state().resolve("utp_bridgeline.txt")).stream()
                .filter(text -> !text.startsWith("#"))
                .findFirst()
                .orElseThrow();
        BridgeLine bridge = BridgeLine.parse(line.replace("FINGERPRINT", "0".repeat(40)));
        assertEquals(cert, bridge.args().first("cert").orElseThrow());
    }

    @Test
    void handsSessionsToThePlainOrPortWhileStrangersKnock() throws Exception {
        byte[] content = content(5_000_000);
        try (OrPort orPort = new OrPort(null);
                ManagedRun run = new ManagedRun(environment(orPort.address()))) {
            String smethod = run.await("SMETHOD utp ");
            InetSocketAddress address = addressOf(smethod);
            try (Socket stranger = new Socket(address.getAddress(), address.getPort());
                    DatagramSocket udp = new DatagramSocket();
                    Client client = new Client(address, BridgeCert.parse(certOf(smethod)), content)) {
                stranger.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                for (int i = 0; i < 200; i++) {
                    byte[] garbage = content(i + 1);
                    udp.send(new DatagramPacket(garbage, garbage.length, address));
                }
                assertEquals(CloseReason.FINISHED, client.closed());
                assertArrayEquals(content, client.received());
            }
            run.await("LOG SEVERITY=info MESSAGE=\"session ended: finished");
            for (String line : run.logLines()) {
                assertFalse(ADDRESS.matcher(line).find(), line);
                assertFalse(line.contains(certOf(smethod)), line);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:", "127.0.0.1\\:", "localhost\\:"})
    void strangersMeetTheDecoy(String host) throws Exception {
        byte[] greeting = "HELLO WEB\r\n".getBytes(StandardCharsets.US_ASCII);
        int port = unused().getPort();
        Map<String, String> variables = environment(unused());
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:decoy=" + host + port);
        try (ManagedRun run = new ManagedRun(variables)) {
            InetSocketAddress address = addressOf(run.await("SMETHOD utp "));
            try (ServerSocket decoy = new ServerSocket(port, 5, InetAddress.getLoopbackAddress());
                    Socket stranger = new Socket(address.getAddress(), address.getPort());
                    Socket called = decoy.accept()) {
                stranger.getOutputStream().write(greeting);
                assertArrayEquals(greeting, called.getInputStream().readNBytes(greeting.length));
                called.getOutputStream().write(7);
                assertEquals(7, stranger.getInputStream().read());
            }
            assertTrue(run.await("LOG SEVERITY=info").contains("a stranger, given to the decoy"));
            // From now on it is not there.
            try (Socket stranger = new Socket(address.getAddress(), address.getPort())) {
                stranger.getOutputStream().write(greeting);
                assertEquals('H', stranger.getInputStream().read());
            }
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("the decoy cannot be reached"), line);
            assertFalse(ADDRESS.matcher(line).find(), line);
        }
    }

    /** At the plain one, or at the Extended one, which is told where they come from; and nothing is said of those who come and go. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void strangersReachTorByteForByte(boolean extended) throws Exception {
        byte[] content = content(1_000_000);
        Path cookie = Files.write(folder.resolve("cookie"), OrPort.cookieFile(SECRET));
        try (OrPort orPort = new OrPort(extended ? SECRET : null)) {
            Map<String, String> variables = environment(extended ? unused() : orPort.address());
            if (extended) {
                variables.put("TOR_PT_EXTENDED_SERVER_PORT", IpAddresses.format(orPort.address()));
                variables.put("TOR_PT_AUTH_COOKIE_FILE", cookie.toString());
            }
            variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:decoy=orport");
            try (ManagedRun run = new ManagedRun(variables)) {
                String smethod = run.await("SMETHOD utp ");
                InetSocketAddress address = addressOf(smethod);
                try (Socket stranger = new Socket(address.getAddress(), address.getPort())) {
                    CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                        try {
                            stranger.getOutputStream().write(content);
                            stranger.shutdownOutput();
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    assertArrayEquals(content, stranger.getInputStream().readAllBytes());
                    sent.join();
                    if (extended) {
                        assertEquals("1 127.0.0.1:" + stranger.getLocalPort(), orPort.introduction());
                        assertEquals("0 ", orPort.introduction(), "it came by no transport");
                    }
                }
                try (Client client = new Client(address, BridgeCert.parse(certOf(smethod)), content)) {
                    assertEquals(CloseReason.FINISHED, client.closed());
                    assertArrayEquals(content, client.received());
                }
                run.await("LOG SEVERITY=info MESSAGE=\"session ended: finished");
                assertFalse(String.join("\n", run.logLines()).contains("stranger"), String.join("\n", run.logLines()));
            }
        }
    }

    @Test
    void anOrPortThatIsNotThereIsToldAndStrangersAreRefused() throws Exception {
        Map<String, String> variables = environment(unused());
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:decoy=orport");
        try (ManagedRun run = new ManagedRun(variables)) {
            InetSocketAddress address = addressOf(run.await("SMETHOD utp "));
            try (Socket stranger = new Socket(address.getAddress(), address.getPort())) {
                stranger.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThrows(
                        SocketException.class, () -> stranger.getInputStream().read());
            }
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("the ORPort cannot be reached (1 times"), line);
            assertTrue(line.contains("strangers are refused"), line);
            assertFalse(ADDRESS.matcher(line).find(), line);
        }
    }

    @Test
    void isNotItsOwnDecoy() throws Exception {
        Map<String, String> variables = environment(unused());
        int port = unused().getPort();
        variables.put("TOR_PT_SERVER_BINDADDR", "utp-0.0.0.0:" + port);
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:decoy=127.0.0.1\\:" + port);
        try (ManagedRun run = new ManagedRun(variables)) {
            String line = run.await("SMETHOD-ERROR utp ");
            assertTrue(line.contains("the decoy is this bridge itself"), line);
        }
    }

    @Test
    void introducesSessionsToTheExtendedOrPort() throws Exception {
        byte[] content = content(100_000);
        Path cookie = Files.write(folder.resolve("cookie"), OrPort.cookieFile(SECRET));
        try (OrPort orPort = new OrPort(SECRET)) {
            Map<String, String> variables = environment(unused());
            variables.put("TOR_PT_EXTENDED_SERVER_PORT", IpAddresses.format(orPort.address()));
            variables.put("TOR_PT_AUTH_COOKIE_FILE", cookie.toString());
            try (ManagedRun run = new ManagedRun(variables)) {
                String smethod = run.await("SMETHOD utp ");
                try (Client client = new Client(addressOf(smethod), BridgeCert.parse(certOf(smethod)), content)) {
                    assertTrue(orPort.introduction().startsWith("1 127.0.0.1:"));
                    assertEquals("2 utp", orPort.introduction());
                    assertEquals(CloseReason.FINISHED, client.closed());
                    assertArrayEquals(content, client.received());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "short", "wrong head", "wrong secret"})
    void aCookieThatDoesNotServeEndsTheSessionWithAReason(String what) throws Exception {
        Path cookie = folder.resolve("cookie");
        byte[] good = OrPort.cookieFile(SECRET);
        switch (what) {
            case "missing" -> {}
            case "short" -> Files.write(cookie, Arrays.copyOf(good, 63));
            case "wrong head" -> {
                good[0] ^= 1;
                Files.write(cookie, good);
            }
            default -> Files.write(cookie, OrPort.cookieFile(new byte[32]));
        }
        try (OrPort orPort = new OrPort(SECRET)) {
            Map<String, String> variables = environment(unused());
            variables.put("TOR_PT_EXTENDED_SERVER_PORT", IpAddresses.format(orPort.address()));
            variables.put("TOR_PT_AUTH_COOKIE_FILE", cookie.toString());
            assertSessionIsTurnedAway(variables);
        }
    }

    @Test
    void anOrPortThatRefusesEndsTheSessionWithAReason() throws Exception {
        assertSessionIsTurnedAway(environment(unused()));
    }

    private static void assertSessionIsTurnedAway(Map<String, String> variables) throws Exception {
        try (ManagedRun run = new ManagedRun(variables)) {
            String smethod = run.await("SMETHOD utp ");
            try (Client client = new Client(addressOf(smethod), BridgeCert.parse(certOf(smethod)), content(1_000))) {
                assertEquals(CloseReason.RESET_BY_PEER, client.closed());
            }
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("cannot hand a session on: "), line);
            assertFalse(ADDRESS.matcher(line).find(), line);
        }
    }
}
