package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.client.doctor.BridgeProbe;
import dev.tandem.client.doctor.BridgeProbe.Patience;
import dev.tandem.client.doctor.BridgeProbe.Way;
import dev.tandem.client.upstream.UpstreamNetwork;
import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.doctor.Report;
import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The doctor at real bridges on this machine, well and ill. */
class DoctorTest {
    /** What is to come has long to come; what is to be waited out is short. */
    private static final Patience LONG = new Patience(
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(20),
            Duration.ofMillis(1),
            Duration.ofMillis(300),
            Duration.ofSeconds(60));

    private static final Patience SHORT = new Patience(
            Duration.ofMillis(600),
            Duration.ofMillis(300),
            Duration.ofSeconds(20),
            Duration.ofMillis(1),
            Duration.ofMillis(300),
            Duration.ofMillis(300));

    private static final LinkConfig ONLY_TLS = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);

    private final List<Finding> findings = new ArrayList<>();

    private static BridgeCert cert() {
        return Bridge.IDENTITY.bridgeCert();
    }

    /** The same with one bit changed. */
    private static BridgeCert spoiled(int at) {
        byte[] bytes = Base64.getUrlDecoder().decode(Bridge.CERT);
        bytes[at] ^= 1;
        return BridgeCert.parse(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    private void probe(InetSocketAddress bridge, BridgeCert cert, LinkConfig config, boolean echo, Patience patience)
            throws Exception {
        probe(bridge, cert, config, Way.DIRECT, echo, patience);
    }

    private void probe(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, Way way, boolean echo, Patience patience)
            throws Exception {
        new BridgeProbe(bridge, cert, config, way, echo, patience).run(findings::add);
        StringWriter text = new StringWriter();
        new Report(new PrintWriter(text)).addAll(findings);
        String secret = cert.encoded().substring(44);
        assertFalse(findings.toString().contains(secret) || text.toString().contains(secret), text.toString());
    }

    private Finding only(Level level) {
        List<Finding> such =
                findings.stream().filter(finding -> finding.level() == level).toList();
        assertEquals(1, such.size(), findings.toString());
        return such.get(0);
    }

    private void assertLine(Level level, String start) {
        assertTrue(
                findings.stream()
                        .anyMatch(each -> each.level() == level && each.text().startsWith(start)),
                start + " in " + findings);
    }

    private void assertNo(Level level) {
        assertTrue(findings.stream().noneMatch(each -> each.level() == level), findings.toString());
    }

    @Test
    void measuresABridgeWithAnEchoBehindIt() throws Exception {
        try (Bridge bridge = new Bridge()) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT, true, LONG);
        }
        assertLine(Level.OK, "TCP: connected in ");
        assertLine(Level.OK, "TLS: the bridge has the key that cert= pins, ");
        assertLine(Level.OK, "proof: the bridge accepts its secret (WELCOME), ");
        assertLine(Level.OK, "µTP: paired, ");
        assertLine(Level.OK, "session: sends on ");
        assertLine(Level.OK, "round trip: ");
        assertLine(Level.OK, "path MTU: datagrams of ");
        assertLine(Level.NOTE, "loss: ");
        assertLine(Level.OK, "rate: ");
        assertNo(Level.WARN);
        assertNo(Level.FAIL);
    }

    @Test
    void saysWhatItHasNotMeasured() throws Exception {
        try (Bridge bridge = new Bridge()) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT, false, LONG);
        }
        assertLine(Level.OK, "session: sends on µTP");
        assertLine(Level.NOTE, "path MTU: not measured");
        assertLine(Level.NOTE, "rate and loss: not measured");
        assertNo(Level.FAIL);
    }

    @Test
    void noticesThatItIsNoEcho() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new)) {
            probe(bridge.address, cert(), ONLY_TLS, true, SHORT);
        }
        assertLine(Level.NOTE, "µTP: not dialled, as carrier=tls asks for");
        assertTrue(only(Level.WARN).text().startsWith("rate: not measured, nothing came back"), findings.toString());
    }

    @Test
    void tellsAWrongPin() throws Exception {
        try (Bridge bridge = Bridge.withFront()) {
            probe(bridge.address, spoiled(5), ONLY_TLS, false, LONG);
        }
        assertTrue(only(Level.FAIL).text().contains("takes us for its client, but its key"), findings.toString());
    }

    @Test
    void tellsAWrongSecret() throws Exception {
        try (Bridge bridge = Bridge.withFront()) {
            probe(bridge.address, spoiled(40), ONLY_TLS, false, LONG);
        }
        Finding finding = only(Level.FAIL);
        assertTrue(finding.text().contains("shows us what it shows to everybody"), finding.text());
        assertTrue(finding.explanation().contains("Its clock and ours differ by "), finding.explanation());
    }

    @Test
    void tellsAWrongClock() throws Exception {
        InstantSource late = InstantSource.offset(InstantSource.system(), Duration.ofHours(3));
        LinkConfig config = ONLY_TLS.withStrangers(StrangerConfig.DEFAULT.withClock(late));
        try (Bridge bridge = Bridge.withFront()) {
            probe(bridge.address, cert(), config, false, LONG);
        }
        assertTrue(only(Level.FAIL).text().matches(".*the clocks differ by (2|3) h"), findings.toString());
    }

    @Test
    void tellsThatUdpIsRefused() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new, ONLY_TLS)) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT, false, SHORT);
        }
        assertEquals("µTP: UDP is refused (ICMP)", only(Level.WARN).text());
        assertLine(Level.OK, "session: sends on TLS");
    }

    @Test
    void tellsThatUdpIsSilent() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new, ONLY_TLS);
                DatagramSocket silent = new DatagramSocket(bridge.address)) {
            assertTrue(silent.isBound());
            probe(bridge.address, cert(), LinkConfig.DEFAULT, false, SHORT);
            assertTrue(only(Level.WARN).text().startsWith("µTP: nothing came back by UDP"), findings.toString());
            findings.clear();
            // Who wants µTP alone has nothing then.
            probe(bridge.address, cert(), LinkConfig.DEFAULT.withPolicy(CarrierPolicy.UTP), false, SHORT);
            assertTrue(only(Level.FAIL).text().startsWith("µTP: nothing came back by UDP"), findings.toString());
        }
    }

    @Test
    void tellsThatNobodyListens() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        probe(nobody, cert(), LinkConfig.DEFAULT, false, SHORT);
        assertEquals("TCP: refused", only(Level.FAIL).text());
        assertEquals(1, findings.size(), findings.toString());
    }

    @Test
    void tellsAnotherServer() throws Exception {
        try (ServerSocket http = answering("HTTP/1.1 400 Bad Request\r\n\r\n")) {
            probe((InetSocketAddress) http.getLocalSocketAddress(), cert(), ONLY_TLS, false, LONG);
        }
        assertTrue(only(Level.FAIL).text().startsWith("TLS: another server answers ("), findings.toString());
    }

    @Test
    void tellsThatTlsIsBroken() throws Exception {
        try (ServerSocket closing = answering("")) {
            probe((InetSocketAddress) closing.getLocalSocketAddress(), cert(), ONLY_TLS, false, LONG);
        }
        assertEquals(
                "TLS: the connection was broken during the handshake",
                only(Level.FAIL).text());
        assertLine(Level.OK, "TCP: connected in ");
    }

    @Test
    void goesThroughTheProxyOnly() throws Exception {
        try (Bridge bridge = new Bridge();
                UpstreamStub stub =
                        new UpstreamStub(UpstreamStub.Kind.HTTP, UpstreamStub.Manner.CONNECTS, "", bridge.address)) {
            UpstreamNetwork network = new UpstreamNetwork(UpstreamProxy.parse(stub.uri("")), LinkConfig.DEFAULT);
            Way way = new Way(network, true, network.mayTakeUdp());
            // The address that is asked for is nobody's.
            InetAddress nowhere = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
            probe(new InetSocketAddress(nowhere, 443), cert(), LinkConfig.DEFAULT, way, false, LONG);
        }
        assertLine(Level.OK, "TCP: connected through the proxy in ");
        assertLine(Level.NOTE, "µTP: not dialled, the proxy takes TCP only");
        assertLine(Level.OK, "session: sends on TLS");
        assertNo(Level.FAIL);
    }

    /** Reads something of each caller, answers, and closes. */
    private static ServerSocket answering(String answer) throws IOException {
        ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            while (!socket.isClosed()) {
                try (Socket caller = socket.accept()) {
                    byte[] hello = new byte[65_536];
                    if (caller.getInputStream().read(hello) > 0) {
                        caller.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                } catch (IOException e) {
                    // The test is over, or the caller gone.
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return socket;
    }

    /** Takes what comes. */
    private static final class Silent implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }
}
