package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.Severity;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.memory.PathMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One connection and several bridges, on this machine. */
@Timeout(60)
class BridgeSearchTest {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final Duration STEP = Duration.ofMillis(PATIENCE_MILLIS);

    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final ClientProxy proxy = new ClientProxy(
            LinkConfig.DEFAULT.withTimeouts(STEP, STEP, STEP, Duration.ofSeconds(1)),
            null,
            new PathMemory(InstantSource.system(), new SecureRandom()),
            new ProxyLog(
                    (severity, line) -> {
                        if (severity == Severity.WARNING) {
                            warnings.add(line);
                        }
                    },
                    false),
            null);

    @AfterEach
    void stop() {
        proxy.close();
    }

    private static KnownBridge bridge(String name, InetSocketAddress address, String cert) throws Exception {
        return KnownBridge.parse(name, "utp 127.0.0.1:" + address.getPort() + " cert=" + cert);
    }

    /** Nobody listens there. */
    private static KnownBridge dead(String name) throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return bridge(name, (InetSocketAddress) socket.getLocalSocketAddress(), Bridge.CERT);
        }
    }

    private static String wrong(int at) {
        byte[] bytes = Base64.getUrlDecoder().decode(Bridge.CERT);
        bytes[at < 0 ? bytes.length + at : at] ^= 1;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private Socket connect(InetSocketAddress local) throws IOException {
        Socket socket = new Socket(local.getAddress(), local.getPort());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private void assertEchoes(Socket socket) throws IOException {
        byte[] text = "said before there is a session".getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(text);
        socket.shutdownOutput();
        assertArrayEquals(text, socket.getInputStream().readAllBytes(), warnings::toString);
    }

    private InetSocketAddress listen(KnownBridge... bridges) throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return proxy.listenPlain(new Forward("test", any, List.of(bridges), ClientOptions.NONE));
    }

    @Test
    void theFirstThatTakesTheSessionHasItAndTheOthersAreRemembered() throws Exception {
        try (Bridge far = new Bridge();
                Bridge full = Bridge.ofSessions(1);
                Socket guest = connect(listen(bridge("full", full.address, Bridge.CERT)))) {
            guest.getOutputStream().write(1);
            assertEquals(1, guest.getInputStream().read());
            InetSocketAddress local = listen(
                    dead("dead"),
                    bridge("other-key", far.address, wrong(5)),
                    bridge("other-secret", far.address, wrong(-1)),
                    bridge("full", full.address, Bridge.CERT),
                    bridge("good", far.address, Bridge.CERT));
            try (Socket socket = connect(local)) {
                assertEchoes(socket);
            }
            assertEquals(4, warnings.size(), warnings::toString);
            assertTrue(warnings.get(0).startsWith("bridge dead has not taken a session: connection refused"));
            try (Socket socket = connect(local)) {
                assertEchoes(socket);
            }
            assertEquals(4, warnings.size(), "nobody was asked again");
            assertFalse(warnings.toString().contains(Bridge.CERT)
                    || warnings.toString().contains("127.0"));
        }
    }

    /** It takes the session, but UDP does not come through: with carrier=utp that is a bridge of no use. */
    @Test
    void withoutUdpTheNextOneIsAskedIfNothingElseWillDo() throws Exception {
        try (Bridge tlsOnly = new Bridge(Bridge.Echo::new, LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS));
                Bridge far = new Bridge()) {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            List<KnownBridge> bridges =
                    List.of(bridge("tls-only", tlsOnly.address, Bridge.CERT), bridge("good", far.address, Bridge.CERT));
            ClientOptions options = new ClientOptions(CarrierPolicy.UTP, null, null, null);
            InetSocketAddress local = proxy.listenPlain(new Forward("test", any, bridges, options));
            for (int i = 0; i < 2; i++) {
                try (Socket socket = connect(local)) {
                    assertEchoes(socket);
                }
            }
            assertEquals(1, warnings.size(), "it was not asked again: " + warnings);
            assertTrue(
                    warnings.get(0).startsWith("bridge tls-only has not taken a session: carrier=utp"),
                    warnings::toString);
        }
    }

    @Test
    void ifNoneTakesItTheConnectionIsClosedAndAllAreAskedTheNextTime() throws Exception {
        try (Bridge far = new Bridge()) {
            InetSocketAddress local = listen(dead("one"), dead("two"), bridge("three", far.address, wrong(-1)));
            for (int i = 0; i < 2; i++) {
                try (Socket socket = connect(local)) {
                    assertEquals(-1, socket.getInputStream().read());
                }
                assertEquals("no session: none of 3 bridges has taken one", warnings.get(3 + i), warnings::toString);
            }
            assertEquals(5, warnings.size(), "what is known is not told again");
        }
    }

    /** Who went away during the search has no session made for him, but what it has found out is kept. */
    @Test
    void aConnectionThatIsGoneIsSearchedForNoLonger() throws Exception {
        AtomicInteger sessions = new AtomicInteger();
        Collector session = new Collector(new byte[0]);
        try (Bridge far = new Bridge(() -> {
                    sessions.incrementAndGet();
                    return session;
                });
                ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            KnownBridge mute = bridge("mute", (InetSocketAddress) silent.getLocalSocketAddress(), Bridge.CERT);
            InetSocketAddress local = listen(mute, bridge("good", far.address, Bridge.CERT));
            Socket socket = connect(local);
            Socket dialled = silent.accept();
            socket.setSoLinger(true, 0);
            socket.close();
            // Its reset comes before the other socket's end: both are this machine's, and one loop takes them in order.
            try (Socket after = connect(local)) {
                Socket dialledAfter = silent.accept();
                dialled.close();
                dialledAfter.close();
                after.getOutputStream().write(1);
                assertTrue(session.begun.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
            }
            assertEquals(1, sessions.get());
            assertEquals(1, warnings.size(), "the second time it is known: " + warnings);
        }
    }
}
