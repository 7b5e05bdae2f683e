package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.SessionListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

    private Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>();
        variables.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        variables.put("TOR_PT_STATE_LOCATION", folder.resolve("state").toString());
        variables.put("TOR_PT_CLIENT_TRANSPORTS", "utp");
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        return variables;
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(9).nextBytes(content);
        return content;
    }

    @Test
    void whatTorWroteBeforeItClosedArrivesWithTheEndBehindIt() throws Exception {
        byte[] content = content(1_500_000);
        Collector far = new Collector(new byte[0]);
        try (Bridge bridge = new Bridge(() -> far);
                ManagedRun run = new ManagedRun(environment())) {
            try (Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
                assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
                socks.socket.getOutputStream().write(content);
            }
            assertArrayEquals(content, far.ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            run.await("LOG SEVERITY=info MESSAGE=\"session ended: finished");
        }
    }

    @Test
    void whenTheFarSideEndsFirstTheOtherDirectionGoesOn() throws Exception {
        byte[] greeting = content(300_000);
        byte[] content = content(700_000);
        Collector far = new Collector(greeting);
        try (Bridge bridge = new Bridge(() -> far);
                ManagedRun run = new ManagedRun(environment());
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
            socks.socket.getOutputStream().write(content, 0, 1);
            assertArrayEquals(greeting, socks.in.readAllBytes());
            socks.socket.getOutputStream().write(content, 1, content.length - 1);
            socks.socket.close();
            assertArrayEquals(content, far.ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        }
    }

    @Test
    void whatTorWroteBeforeItClosedStandardInputArrives() throws Exception {
        byte[] content = content(SOME_BYTES);
        Collector far = new Collector(new byte[0]);
        try (Bridge bridge = new Bridge(() -> far);
                ManagedRun run = new ManagedRun(environment());
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
            socks.socket.getOutputStream().write(content);
            run.stop();
            assertArrayEquals(content, far.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            assertEquals(-1, socks.in.read());
        }
    }

    @Test
    void whatWasWrittenBeforeSigtermArrives() throws Exception {
        byte[] content = content(SOME_BYTES);
        Collector far = new Collector(new byte[0]);
        try (Bridge bridge = new Bridge(() -> far);
                ProxyProcess proxy = new ProxyProcess(environment());
                Socks socks = new Socks(Socks.proxyOf(proxy.await("CMETHOD ")))) {
            assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
            socks.socket.getOutputStream().write(content);
            assertTrue(far.begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            proxy.terminate();
            assertArrayEquals(content, far.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            proxy.assertSilentAbout(Bridge.CERT);
        }
    }

    /** Without tor: the program that writes and closes does not wait for the session. */
    @Test
    void aPlainConnectionThatIsClosedBeforeTheSessionIsUpIsHeard() throws Exception {
        Collector far = new Collector(new byte[0]);
        Collector second = new Collector(new byte[0]);
        ArrayDeque<SessionListener> listeners = new ArrayDeque<>(List.of(far, second));
        Path line = folder.resolve("line");
        try (Bridge bridge = new Bridge(listeners::remove)) {
            Files.writeString(
                    line, "utp 127.0.0.1:" + bridge.address.getPort() + " cert=" + Bridge.CERT + " carrier=tls\n");
            try (ProxyProcess proxy = new ProxyProcess(
                    Map.of(), "standalone", "-v", "--listen", "127.0.0.1:0", "--bridge-file", line.toString())) {
                InetSocketAddress local = Socks.proxyOf(proxy.await("listening on "));
                byte[] few = "hello".getBytes(StandardCharsets.US_ASCII);
                try (Socket socket = new Socket(local.getAddress(), local.getPort())) {
                    socket.getOutputStream().write(few);
                }
                assertArrayEquals(few, far.ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                byte[] many = content(400_000);
                try (Socket socket = new Socket(local.getAddress(), local.getPort())) {
                    socket.getOutputStream().write(many);
                }
                assertArrayEquals(many, second.ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                assertEquals(0, proxy.terminate(), "ended in order");
                proxy.assertSilentAbout(Bridge.CERT, ":" + bridge.address.getPort());
            }
        }
    }

    @Test
    void aBridgeThatIsNotThereIsToldWithoutItsAddress() throws Exception {
        Path line = folder.resolve("line");
        InetSocketAddress nobody = unused();
        Files.writeString(line, "utp 127.0.0.1:" + nobody.getPort() + " cert=" + Bridge.CERT + "\n");
        try (ProxyProcess proxy = new ProxyProcess(
                Map.of(), "standalone", "-v", "--listen", "127.0.0.1:0", "--bridge-file", line.toString())) {
            InetSocketAddress local = Socks.proxyOf(proxy.await("listening on "));
            try (Socket socket = new Socket(local.getAddress(), local.getPort())) {
                assertEquals(-1, socket.getInputStream().read());
            }
            proxy.await("no session with the bridge: connection refused");
            proxy.terminate();
            proxy.assertSilentAbout(Bridge.CERT, ":" + nobody.getPort());
        }
    }

    @Test
    void noOutputOfGoodAndBadSessionsNamesAnAddress() throws Exception {
        try (Bridge bridge = new Bridge();
                ServerSocket garbage = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                ProxyProcess proxy = new ProxyProcess(environment())) {
            InetSocketAddress local = Socks.proxyOf(proxy.await("CMETHOD "));
            byte[] wrong = Base64.getUrlDecoder().decode(Bridge.CERT);
            wrong[5] ^= 1; // the pin
            String wrongPin = Base64.getUrlEncoder().withoutPadding().encodeToString(wrong);
            wrong[5] ^= 1;
            wrong[50] ^= 1; // the secret
            String wrongSecret = Base64.getUrlEncoder().withoutPadding().encodeToString(wrong);
            ask(local, bridge.address, "cert=" + Bridge.CERT + ";carrier=pigeon");
            proxy.await("carrier= takes");
            ask(local, bridge.address, "cert=" + wrongPin);
            proxy.await("not the one that cert= names");
            ask(local, bridge.address, "cert=" + wrongSecret);
            proxy.await("session ended: ");
            ask(local, unused(), "cert=" + Bridge.CERT);
            proxy.await("connection refused");
            Thread server = new Thread(() -> {
                try (Socket socket = garbage.accept()) {
                    socket.getInputStream().read();
                    socket.getOutputStream().write("SSH-2.0-OpenSSH\r\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // it hung up
                }
            });
            server.start();
            ask(local, (InetSocketAddress) garbage.getLocalSocketAddress(), "cert=" + Bridge.CERT);
            proxy.await("no session with the bridge: ");
            server.join();
            try (Socket nonsense = new Socket(local.getAddress(), local.getPort())) {
                nonsense.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                proxy.await("SOCKS: ");
            }
            try (Socks socks = new Socks(local)) {
                assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT));
                socks.socket.getOutputStream().write(new byte[1000]);
                socks.socket.shutdownOutput();
                assertEquals(1000, socks.in.readAllBytes().length);
            }
            proxy.await("session ended: finished");
            proxy.terminate();
            proxy.assertSilentAbout(Bridge.CERT, wrongSecret, wrongPin, ":" + bridge.address.getPort());
        }
    }

    private static void ask(InetSocketAddress proxy, InetSocketAddress bridge, String arguments) throws IOException {
        try (Socks socks = new Socks(proxy)) {
            if (socks.request(bridge, arguments) == 0) {
                socks.in.read(); // until it is turned away
            }
        }
    }

    private static InetSocketAddress unused() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }
}
