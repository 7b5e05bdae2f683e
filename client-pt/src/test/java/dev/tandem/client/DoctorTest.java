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
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkNetwork;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The doctor at real bridges on this machine, well and ill. */
class DoctorTest {
    /** What is to come has long to come; what is to be waited out is short. */
    private static final Patience LONG =
            new Patience(Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofSeconds(20), Duration.ofMillis(1));

    private static final Patience SHORT =
            new Patience(Duration.ofMillis(600), Duration.ofMillis(300), Duration.ofSeconds(20), Duration.ofMillis(1));

    /** What the bridge says of itself has long to come, too. */
    private static final Patience WAITING =
            new Patience(Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofSeconds(20), Duration.ofSeconds(20));

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

    private void probe(InetSocketAddress bridge, BridgeCert cert, LinkConfig config, boolean measure, Patience patience)
            throws Exception {
        probe(bridge, cert, config, Way.DIRECT, measure, patience);
    }

    private void probe(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, Way way, boolean measure, Patience patience)
            throws Exception {
        new BridgeProbe(bridge, cert, config, way, measure, patience).run(findings::add);
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

    /** What is behind the bridge takes no bytes of it: none would come back. */
    @Test
    void measuresABridgeInBothDirections() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new)) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT, true, LONG);
        }
        assertLine(Level.OK, "TCP: connected in ");
        assertLine(Level.OK, "TLS: the bridge has the key that cert= pins, ");
        assertLine(Level.OK, "proof: the bridge accepts its secret (WELCOME), ");
        assertLine(Level.OK, "µTP: paired, ");
        assertLine(Level.OK, "session: sends on ");
        assertLine(Level.OK, "round trip: ");
        assertLine(Level.OK, "path MTU: datagrams of ");
        assertLine(Level.NOTE, "loss: of what was sent up, µTP took ");
        assertRates("µTP");
        assertNo(Level.WARN);
        assertNo(Level.FAIL);
    }

    private void assertRates(String over) {
        String amount = "[0-9]{3,5} KiB in [0-9]+\\.[0-9] s";
        String rate = "[1-9][0-9]*\\.[0-9] Mbit/s";
        String wanted = "rate: " + rate + " down, " + rate + " up, over " + over + " \\(" + amount + " down, " + amount
                + " up\\)";
        assertTrue(findings.stream().anyMatch(each -> each.text().matches(wanted)), findings.toString());
    }

    @Test
    void measuresOverTlsAlone() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new)) {
            probe(bridge.address, cert(), ONLY_TLS, true, LONG);
        }
        assertLine(Level.NOTE, "µTP: not dialled, as carrier=tls asks for");
        assertRates("TLS");
        assertNo(Level.WARN);
        assertNo(Level.FAIL);
    }

    @Test
    void saysWhatItWasToldNotToMeasure() throws Exception {
        AtomicInteger sessions = new AtomicInteger();
        try (Bridge bridge = new Bridge(() -> {
            sessions.incrementAndGet();
            return new Silent();
        })) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT, false, LONG);
        }
        assertLine(Level.OK, "session: sends on µTP");
        assertLine(Level.NOTE, "path MTU: not measured");
        assertLine(Level.NOTE, "rate and loss: not measured, as --no-rate asks for");
        assertNo(Level.FAIL);
        assertEquals(1, sessions.get());
    }

    /** All else is told. */
    @Test
    void tellsThatTheBridgeHasMeasuredJustNow() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new)) {
            probe(bridge.address, cert(), ONLY_TLS, true, LONG);
            findings.clear();
            probe(bridge.address, cert(), LinkConfig.DEFAULT, true, LONG);
        }
        assertLine(Level.OK, "proof: the bridge accepts its secret (WELCOME), ");
        assertLine(Level.OK, "session: sends on µTP");
        assertLine(Level.OK, "round trip: ");
        assertLine(Level.NOTE, "path MTU: not measured");
        assertLine(Level.NOTE, "rate and loss: not measured, the bridge has measured for somebody just now");
        assertNo(Level.WARN);
        assertNo(Level.FAIL);
    }

    /** A bridge that takes one session at a time is not full because of the doctor's own first one. */
    @Test
    void measuresABridgeForOneSession() throws Exception {
        try (Bridge bridge = Bridge.ofSessions(1)) {
            probe(bridge.address, cert(), ONLY_TLS, true, LONG);
        }
        assertRates("TLS");
    }

    /** Whether µTP of the first session had been paired before its end or not. */
    @ParameterizedTest
    @EnumSource(
            value = CarrierPolicy.class,
            names = {"AUTO", "TLS"})
    void measuresAlthoughWhatIsBehindCannotBeReached(CarrierPolicy policy) throws Exception {
        try (Bridge bridge = new Bridge(Unreachable::new)) {
            probe(bridge.address, cert(), LinkConfig.DEFAULT.withPolicy(policy), true, WAITING);
        }
        assertTrue(
                only(Level.FAIL).text().contains("what the bridge forwards to cannot be reached"), findings.toString());
        assertRates(policy == CarrierPolicy.TLS ? "TLS" : "µTP");
    }

    @Test
    void tellsThatTheBridgeDiedInMidMeasure() throws Exception {
        try (Bridge bridge = new Bridge(Silent::new)) {
            Way way = new Way(new Tripwire(100_000, bridge::stop), false, true);
            probe(bridge.address, cert(), ONLY_TLS, way, true, LONG);
        }
        Finding finding = only(Level.FAIL);
        assertTrue(finding.text().startsWith("rate: the session ended while it was measured: "), finding.text());
        assertTrue(finding.explanation().contains("had come down"), finding.explanation());
        assertLine(Level.OK, "session: sends on TLS");
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
    private static class Silent implements SessionListener {
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

    /** Says at once that what is behind the bridge is not there. */
    private static final class Unreachable extends Silent {
        @Override
        public void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
            session.reset(ResetReason.UPSTREAM_UNREACHABLE);
        }
    }

    /** The machine's network, on which something is done once so many bytes have come on one TCP connection. */
    private static final class Tripwire implements LinkNetwork {
        private final LinkNetwork network = LinkNetwork.standard();
        private final int bytes;
        private final Runnable action;

        Tripwire(int bytes, Runnable action) {
            this.bytes = bytes;
            this.action = action;
        }

        @Override
        public ChannelFuture connectTcp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                int timeoutMillis,
                ChannelHandler handler) {
            return network.connectTcp(loop, local, remote, timeoutMillis, new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new Counter(), handler);
                }
            });
        }

        private final class Counter extends ChannelInboundHandlerAdapter {
            private int left = bytes;

            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                boolean before = left > 0;
                left -= ((ByteBuf) message).readableBytes();
                if (before && left <= 0) {
                    action.run();
                }
                ctx.fireChannelRead(message);
            }
        }

        @Override
        public @Nullable ChannelFuture connectUtp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                ConnectionConfig config,
                ChannelHandler handler) {
            return network.connectUtp(loop, local, remote, config, handler);
        }

        @Override
        public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
            return network.bindTcp(loop, local, childHandler);
        }

        @Override
        public ChannelFuture bindUtp(
                EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
            return network.bindUtp(loop, local, config, childHandler);
        }
    }
}
