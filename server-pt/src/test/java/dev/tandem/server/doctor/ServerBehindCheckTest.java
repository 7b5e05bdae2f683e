package dev.tandem.server.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkServer;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.SessionRelay;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ServerBehindCheckTest {
    private static final Instant NOW = Instant.parse("2020-01-01T00:00:00Z");

    private final ServerBehindCheck check = new ServerBehindCheck(Duration.ofSeconds(20));

    private static InetSocketAddress any() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** A server of TLS that waits for its visitors: what a bridge shows to strangers. */
    @Test
    void takesATlsServer() {
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
        LinkServer server = new LinkServer(
                group.next(),
                new CarrierTotals(),
                identity,
                LinkConfig.DEFAULT,
                session -> new SessionRelay(new SessionRelay.Observer() {}));
        try {
            InetSocketAddress address =
                    server.bind(any()).awaitUninterruptibly().getNow();
            Finding good = check.decoy(address, null, NOW);
            assertEquals(Level.OK, good.level(), good.text());
            assertTrue(good.text().startsWith("decoy: speaks TLSv1."), good.text());
            Finding expired = check.decoy(address, null, Instant.parse("9999-12-31T00:00:00Z"));
            assertEquals(Level.WARN, expired.level(), expired.text());
            assertEquals(Level.FAIL, check.decoy(address, address, NOW).level());
            InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", address.getPort());
            assertTrue(check.decoy(address, everywhere, NOW).text().contains("the bridge itself"), "wildcard");
            assertEquals(Level.OK, check.forward("--forward", address).level());
        } finally {
            server.close().awaitUninterruptibly();
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    @Test
    void namesAServerThatIsNone() throws IOException {
        InetSocketAddress nobody;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        assertEquals(Level.WARN, check.decoy(nobody, null, NOW).level());
        Finding forward = check.forward("--forward", nobody);
        assertEquals(Level.FAIL, forward.level());
        assertTrue(forward.text().startsWith("--forward: "), forward.text());
    }

    @Test
    void namesAServerThatSpeaksFirstOrSomethingElse() throws IOException {
        try (ServerSocket ssh = answering("SSH-2.0-x\r\n", true)) {
            Finding finding = check.decoy((InetSocketAddress) ssh.getLocalSocketAddress(), null, NOW);
            assertEquals(Level.FAIL, finding.level());
            assertTrue(finding.text().contains("speaks before"), finding.text());
        }
        try (ServerSocket http = answering("HTTP/1.1 400 Bad Request\r\n\r\n", false)) {
            Finding finding = check.decoy((InetSocketAddress) http.getLocalSocketAddress(), null, NOW);
            assertEquals(Level.FAIL, finding.level());
            assertTrue(finding.text().contains("does not speak TLS"), finding.text());
        }
    }

    private static ServerSocket answering(String answer, boolean first) throws IOException {
        ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            while (!socket.isClosed()) {
                try (Socket caller = socket.accept()) {
                    if (first || caller.getInputStream().read(new byte[65_536]) > 0) {
                        caller.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                    // Until the caller has had enough.
                    caller.getInputStream().read();
                } catch (IOException e) {
                    // The test is over, or the caller gone.
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return socket;
    }
}
