package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.LinkException.Reason;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client meets that is not its bridge: each has its reason, in time, without an address in its text. */
@Timeout(60)
class BadServerTest {
    private static final LinkConfig CONFIG = LinkFixture.HASTY;

    /** What a server does with one connection. */
    private interface Behaviour {
        void serve(Socket socket) throws Exception;
    }

    /** A server that does as told with each connection, until closed. */
    private static final class Impostor implements AutoCloseable {
        private final ServerSocket socket;

        Impostor(ServerSocket socket, Behaviour behaviour) {
            this.socket = socket;
            Thread thread = new Thread(() -> {
                while (!socket.isClosed()) {
                    try (Socket accepted = socket.accept()) {
                        behaviour.serve(accepted);
                    } catch (Exception e) {
                        // The client went away, or the test is over.
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }

        @Override
        public void close() throws java.io.IOException {
            socket.close();
        }
    }

    private static ServerSocket plain() throws Exception {
        return new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    /** A TLS server with our own key, so that the pin is right, but without our protocol. */
    private static ServerSocket tls(String... versions) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        Certificate certificate = CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(LinkFixture.IDENTITY.certificate()));
        store.setKeyEntry("k", LinkFixture.IDENTITY.key(), new char[0], new Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket socket = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        socket.setEnabledProtocols(versions);
        return socket;
    }

    private static void readToEnd(Socket socket) throws Exception {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[4096];
        while (in.read(buffer) >= 0) {
            // To wait without a word.
        }
    }

    private static Reason failure(InetSocketAddress address) throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            LinkException e = assertThrows(
                    LinkException.class,
                    () -> await(
                            link.client.dial(address, LinkFixture.cert(), CONFIG, new PatternUser(1, 2, 10, false))));
            String message = String.valueOf(e.getMessage());
            assertEquals(1, message.lines().count(), message);
            assertFalse(message.contains("127.0"), message);
            assertFalse(message.contains(String.valueOf(address.getPort())), message);
            assertEquals(0, link.clientTotals.snapshot().sessionsOpened());
            return e.reason();
        }
    }

    private static CloseReason close(InetSocketAddress address) throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            PatternUser user = new PatternUser(1, 2, 10, false);
            await(link.client.dial(address, LinkFixture.cert(), CONFIG, user));
            return await(user.closed);
        }
    }

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    @Test
    void aWrongPinIsSaidSo() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            byte[] pin =
                    ServerIdentity.generate(new SecureRandom()).bridgeCert().pin();
            BridgeCert other = new BridgeCert(pin, LinkFixture.cert().secret());
            LinkException e = assertThrows(
                    LinkException.class,
                    () -> await(link.client.dial(
                            link.address, other, LinkConfig.DEFAULT, new PatternUser(1, 2, 10, false))));
            assertEquals(Reason.WRONG_PIN, e.reason());
            // For who wants to know whose key it is, and for no log.
            String answered = HexFormat.of().formatHex(LinkFixture.cert().pin());
            assertEquals(answered, e.otherPin());
            assertFalse(e.toString().contains(answered));
            Refusal refusal = link.nextRefusal();
            // The µTP connection that came along goes with it, before or after.
            assertEquals(Refusal.NOT_TLS, refusal == Refusal.UTP_UNMATCHED ? link.nextRefusal() : refusal);
        }
    }

    /** It is no client to the server, which shows it the web server that it shows to everybody. */
    @Test
    void aWrongSecretMeetsAWebServer() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            BridgeCert wrong = new BridgeCert(LinkFixture.cert().pin(), new byte[32]);
            PatternUser user = PatternUser.client(10);
            await(link.client.dial(link.address, wrong, LinkConfig.DEFAULT, user));
            assertEquals(CloseReason.BAD_ANSWER, await(user.closed));
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            assertEquals(0, (int) link.onServer(link.server::sessionCount));
        }
    }

    @Test
    void nobodyListens() throws Exception {
        ServerSocket closed = plain();
        closed.close();
        assertEquals(
                Reason.REFUSED,
                failure(new InetSocketAddress(InetAddress.getLoopbackAddress(), closed.getLocalPort())));
    }

    /** As where a firewall drops what goes to the port. */
    @Test
    void aPortThatSwallowsSyns() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort())) {
            // The kernel drops SYNs when more wait to be accepted than the backlog.
            assertTrue(first.isConnected() && second.isConnected());
            assertEquals(Reason.TIMEOUT, failure((InetSocketAddress) full.getLocalSocketAddress()));
        }
    }

    @Test
    void anUnresolvedAddressIsNotDialled() throws Exception {
        assertEquals(Reason.FAILED, failure(InetSocketAddress.createUnresolved("bridge.invalid", 1)));
    }

    @Test
    void aServerThatSaysHttp() throws Exception {
        try (Impostor server = new Impostor(plain(), socket -> {
            socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            readToEnd(socket);
        })) {
            assertEquals(Reason.NOT_OUR_SERVER, failure(server.address()));
        }
    }

    @Test
    void aServerThatClosesAtOnce() throws Exception {
        try (Impostor server =
                new Impostor(plain(), socket -> socket.getInputStream().read(new byte[4096]))) {
            assertEquals(Reason.RESET, failure(server.address()));
        }
    }

    @Test
    void aServerThatIsSilentBeforeTls() throws Exception {
        try (Impostor server = new Impostor(plain(), BadServerTest::readToEnd)) {
            assertEquals(Reason.TIMEOUT, failure(server.address()));
        }
    }

    @Test
    void aServerOfAnOlderTls() throws Exception {
        try (Impostor server = new Impostor(tls("TLSv1.2"), BadServerTest::readToEnd)) {
            assertEquals(Reason.NOT_OUR_SERVER, failure(server.address()));
        }
    }

    @Test
    void aTlsServerThatIsSilentAfterTheProof() throws Exception {
        try (Impostor server = new Impostor(tls("TLSv1.3"), BadServerTest::readToEnd)) {
            assertEquals(CloseReason.ADMISSION_TIMEOUT, close(server.address()));
        }
    }

    @Test
    void aTlsServerThatSaysSomethingElse() throws Exception {
        try (Impostor server = new Impostor(tls("TLSv1.3"), socket -> {
            socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            readToEnd(socket);
        })) {
            assertEquals(CloseReason.BAD_ANSWER, close(server.address()));
        }
    }

    @Test
    void aTlsServerThatClosesInOrder() throws Exception {
        try (Impostor server =
                new Impostor(tls("TLSv1.3"), socket -> socket.getInputStream().read(new byte[4096]))) {
            assertEquals(CloseReason.NOT_ADMITTED, close(server.address()));
        }
    }
}
