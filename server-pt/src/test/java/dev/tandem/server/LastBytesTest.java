package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What was written before a close arrives, and nothing that anybody reads names an address. */
@Timeout(110)
class LastBytesTest {
    private static final int PATIENCE_SECONDS = 60;
    /** So few that they go through in the time that a proxy has for it, also on a machine that is busy with something else. */
    private static final int SOME_BYTES = 60_000;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private Map<String, String> environment(InetSocketAddress orPort) {
        Map<String, String> variables = new HashMap<>();
        variables.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        variables.put("TOR_PT_STATE_LOCATION", folder.resolve("state").toString());
        variables.put("TOR_PT_SERVER_TRANSPORTS", "utp");
        variables.put("TOR_PT_SERVER_BINDADDR", "utp-127.0.0.1:0");
        variables.put("TOR_PT_ORPORT", IpAddresses.format(orPort));
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        return variables;
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(6).nextBytes(content);
        return content;
    }

    private static ServerSocket orPort() throws IOException {
        return new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    private static InetSocketAddress addressOf(ServerSocket socket) {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private static InetSocketAddress bridge(String smethod) throws Exception {
        return IpAddresses.parseAddressPort(smethod.split(" ", -1)[2]);
    }

    private static BridgeCert cert(String smethod) {
        return BridgeCert.parse(certText(smethod));
    }

    private static String certText(String smethod) {
        return smethod.substring(smethod.indexOf("ARGS:cert=") + "ARGS:cert=".length());
    }

    /** Everything that comes on the next connection to the ORPort, however it ends. */
    private static CompletableFuture<byte[]> receive(ServerSocket orPort) {
        CompletableFuture<byte[]> all = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try (Socket socket = orPort.accept()) {
                all.complete(socket.getInputStream().readAllBytes());
            } catch (IOException e) {
                all.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return all;
    }

    @Test
    void whatTorWroteBeforeItClosedArrivesWithTheEndBehindIt() throws Exception {
        byte[] content = content(1_500_000);
        try (ServerSocket orPort = orPort();
                ManagedRun run = new ManagedRun(environment(addressOf(orPort)))) {
            String smethod = run.await("SMETHOD utp ");
            try (Client client = new Client(bridge(smethod), cert(smethod), new byte[0])) {
                try (Socket tor = orPort.accept()) {
                    tor.getOutputStream().write(content);
                }
                assertEquals(CloseReason.FINISHED, client.closed());
                assertArrayEquals(content, client.received());
            }
        }
    }

    @Test
    void whatTheClientSentBeforeItsEndArrives() throws Exception {
        byte[] content = content(1_500_000);
        try (ServerSocket orPort = orPort();
                ManagedRun run = new ManagedRun(environment(addressOf(orPort)))) {
            CompletableFuture<byte[]> received = receive(orPort);
            String smethod = run.await("SMETHOD utp ");
            try (Client client = new Client(bridge(smethod), cert(smethod), content)) {
                assertArrayEquals(content, received.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                assertEquals(CloseReason.FINISHED, client.closed());
            }
        }
    }

    @Test
    void whatTorWroteBeforeItClosedStandardInputArrives() throws Exception {
        byte[] content = content(SOME_BYTES);
        try (ServerSocket orPort = orPort();
                ManagedRun run = new ManagedRun(environment(addressOf(orPort)))) {
            String smethod = run.await("SMETHOD utp ");
            try (Client client = new Client(bridge(smethod), cert(smethod), new byte[0]);
                    Socket tor = orPort.accept()) {
                tor.getOutputStream().write(content);
                run.stop();
                assertEquals(CloseReason.RESET_BY_PEER, client.closed());
                assertArrayEquals(content, client.received());
                assertEquals(-1, tor.getInputStream().read());
            }
        }
    }

    @Test
    void whatWasWrittenBeforeSigtermArrives() throws Exception {
        byte[] content = content(SOME_BYTES);
        try (ServerSocket orPort = orPort();
                ProxyProcess proxy = new ProxyProcess(environment(addressOf(orPort)))) {
            String smethod = proxy.await("SMETHOD utp ");
            try (Client client = new Client(bridge(smethod), cert(smethod), new byte[0]);
                    Socket tor = orPort.accept()) {
                tor.getOutputStream().write(content);
                proxy.terminate();
                assertNotEquals(CloseReason.CARRIERS_LOST, client.closed(), "it was told");
                assertArrayEquals(content, client.received());
            }
            proxy.assertSilentAbout(certText(smethod));
        }
    }

    @Test
    void noOutputOfGoodAndBadSessionsNamesAnAddress() throws Exception {
        try (ServerSocket orPort = orPort();
                ProxyProcess proxy = new ProxyProcess(environment(addressOf(orPort)))) {
            String smethod = proxy.await("SMETHOD utp ");
            InetSocketAddress bridge = bridge(smethod);
            CompletableFuture<byte[]> received = receive(orPort);
            try (Client client = new Client(bridge, cert(smethod), content(1000))) {
                assertEquals(1000, received.get(PATIENCE_SECONDS, TimeUnit.SECONDS).length);
                assertEquals(CloseReason.FINISHED, client.closed());
            }
            proxy.await("session ended: finished");
            knock(bridge);
            byte[] wrong = Base64.getUrlDecoder().decode(certText(smethod));
            wrong[50] ^= 1; // in the secret
            BridgeCert wrongSecret =
                    BridgeCert.parse(Base64.getUrlEncoder().withoutPadding().encodeToString(wrong));
            try (Client client = new Client(bridge, wrongSecret, new byte[1])) {
                // It met the server that is there for strangers.
                ExecutionException refused = assertThrows(ExecutionException.class, client::closed);
                assertEquals(
                        LinkException.Reason.WRONG_PIN,
                        ((LinkException) Objects.requireNonNull(refused.getCause())).reason());
            }
            proxy.await("turned away: a stranger");
            close(orPort);
            try (Client client = new Client(bridge, cert(smethod), new byte[1])) {
                assertEquals(CloseReason.RESET_BY_PEER, client.closed());
            }
            proxy.await("cannot hand a session on: ");
            proxy.terminate();
            proxy.assertSilentAbout(
                    certText(smethod),
                    ":" + bridge.getPort(),
                    ":" + addressOf(orPort).getPort());
        }
    }

    private static void close(ServerSocket orPort) throws IOException {
        orPort.close();
    }

    /** Garbage on both ports. */
    private static void knock(InetSocketAddress bridge) throws IOException {
        try (Socket stranger = new Socket(bridge.getAddress(), bridge.getPort());
                DatagramSocket udp = new DatagramSocket()) {
            stranger.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 100; i++) {
                byte[] garbage = content(i + 1);
                udp.send(new DatagramPacket(garbage, garbage.length, bridge));
            }
            stranger.getInputStream().read();
        }
    }

    @Test
    void standaloneSaysNothingEither() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket closed = orPort()) {
            nobody = addressOf(closed);
        }
        Path state = folder.resolve("state");
        try (ProxyProcess proxy = new ProxyProcess(
                Map.of(),
                "standalone",
                "-v",
                "--listen",
                "127.0.0.1:0",
                "--forward",
                "127.0.0.1:" + nobody.getPort(),
                "--state",
                state.toString(),
                "-o",
                "max-sessions=5")) {
            proxy.await("clients: ");
            BridgeLine line = BridgeLine.parse(Files.readAllLines(state.resolve("utp_bridgeline.txt")).stream()
                    .filter(text -> !text.startsWith("#"))
                    .findFirst()
                    .orElseThrow());
            BridgeCert cert = BridgeCert.parse(line.args().first("cert").orElseThrow());
            try (Client client = new Client(line.address(), cert, new byte[1])) {
                assertEquals(CloseReason.RESET_BY_PEER, client.closed());
            }
            proxy.await("cannot hand a session on: ");
            knock(line.address());
            assertEquals(0, proxy.terminate(), "ended in order");
            proxy.assertSilentAbout(
                    cert.encoded(), ":" + nobody.getPort(), ":" + line.address().getPort());
        }
    }
}
