package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The link over TCP and µTP as they are. */
@Timeout(90)
class UtpLinkTest {
    private static final long TWENTY_MEGABYTES = 20_000_000;

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    private static void assertExact(PatternUser client, PatternUser server, long up, long down) throws Exception {
        assertEquals(CloseReason.FINISHED, await(client.closed));
        assertEquals(CloseReason.FINISHED, await(server.closed));
        assertNull(client.error);
        assertNull(server.error);
        assertEquals(down, client.read);
        assertEquals(up, server.read);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void utpCarriesEverythingOnceItIsPaired(boolean best) throws Exception {
        try (LinkFixture link = new LinkFixture(
                LinkNetwork.standard(),
                LinkConfig.DEFAULT,
                () -> best
                        ? UtpTransports.newEventLoopGroup(1)
                        : new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()))) {
            PatternUser server = PatternUser.server(TWENTY_MEGABYTES).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(TWENTY_MEGABYTES).onUtpOnly();
            long start = System.nanoTime();
            link.dial(LinkConfig.DEFAULT, client);
            assertExact(client, server, TWENTY_MEGABYTES, TWENTY_MEGABYTES);
            CarrierTotals.Snapshot totals = link.clientTotals.snapshot();
            report("both ways" + (best ? ", best loop" : ", NIO"), start, 2 * TWENTY_MEGABYTES, totals);
            assertEquals(0, totals.sentTls(), totals::toString);
            assertEquals(0, totals.receivedTls(), totals::toString);
        }
    }

    private static void report(String what, long startNanos, long bytes, Object totals) {
        java.util.logging.Logger.getLogger("figures")
                .info(what + ": " + bytes * 1000 / Math.max(1, System.nanoTime() - startNanos) + " MB/s, " + totals);
    }

    @Test
    void utpAloneCarriesAllOfIt() throws Exception {
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(1_000_000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1_000_000);
            link.dial(LinkConfig.DEFAULT.withPolicy(CarrierPolicy.UTP), client);
            assertExact(client, server, 1_000_000, 1_000_000);
            assertEquals(0, link.serverTotals.snapshot().sentTls());
        }
    }

    /** UDP goes silent in the middle of a transfer, and comes back. */
    @Test
    void udpBlockedInMidTransferLosesNothingAndUtpIsUsedAgain() throws Exception {
        RelayedNetwork network = new RelayedNetwork(LinkNetwork.standard());
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT);
                UdpRelay relay = new UdpRelay(link.address)) {
            network.relay = relay;
            PatternUser server = PatternUser.server(TWENTY_MEGABYTES).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 0, false).when(TWENTY_MEGABYTES / 2, () -> relay.blocked = true);
            Session session = link.dial(LinkConfig.DEFAULT, client);
            await(client.ended);
            assertEquals(TWENTY_MEGABYTES, client.read);
            assertNull(client.error);
            assertTrue(
                    server.changes.stream().anyMatch(line -> line.startsWith("utp to tls: µTP made no progress")),
                    server.changes::toString);
            report("longest gap " + client.maxGapNanos / 1_000_000 + " ms", System.nanoTime(), 0, server.changes);
            assertTrue(client.maxGapNanos < 4_000_000_000L, "longest gap " + client.maxGapNanos);
            relay.blocked = false;
            LinkTest.awaitChange(server, "tls to utp", 2);
            Map<CarrierChange, Long> changes = link.serverTotals.events().changes();
            assertEquals(1, changes.get(new CarrierChange(null, CarrierKind.TLS, ChangeCause.TLS_UP)));
            assertTrue(
                    changes.containsKey(new CarrierChange(CarrierKind.UTP, CarrierKind.TLS, ChangeCause.STALLED)),
                    changes::toString);
            assertEquals(
                    link.serverTotals.snapshot().carrierChanges() + 1,
                    changes.values().stream().mapToLong(Long::longValue).sum());
            link.onClient(() -> {
                session.finish();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertEquals(CloseReason.FINISHED, await(server.closed));
        }
    }

    /** Everything is swallowed in the middle of a transfer, and TCP is refused as well, until the client has noticed. */
    @Test
    void aPathThatIsLostAndComesBackIsAPause() throws Exception {
        RelayedNetwork network = new RelayedNetwork(LinkNetwork.standard());
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT);
                UdpRelay udp = new UdpRelay(link.address);
                TcpRelay tcp = new TcpRelay(link.address)) {
            network.relay = udp;
            PatternUser server = PatternUser.server(TWENTY_MEGABYTES).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1_000_000).when(TWENTY_MEGABYTES / 4, () -> {
                udp.blocked = true;
                tcp.refusing = true;
                tcp.silenceAll();
            });
            Session session = await(link.client.dial(tcp.address(), LinkFixture.cert(), LinkConfig.DEFAULT, client));
            link.onClient(() -> {
                client.start(session, true);
                return true;
            });
            Eventually.holds("TLS was dialled again, in vain", () -> tcp.accepted.get() > 2);
            udp.blocked = false;
            tcp.refusing = false;
            assertExact(client, server, 1_000_000, TWENTY_MEGABYTES);
            CarrierTotals.Snapshot totals = link.clientTotals.snapshot();
            report("longest gap " + client.maxGapNanos / 1_000_000 + " ms", System.nanoTime(), 0, totals);
            assertTrue(totals.carrierChanges() > 1 || totals.resumptions() > 0, totals::toString);
        }
    }

    @Test
    void udpBlockedFromTheStartCostsNothing() throws Exception {
        RelayedNetwork network = new RelayedNetwork(LinkNetwork.standard());
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT);
                UdpRelay relay = new UdpRelay(link.address)) {
            network.relay = relay;
            relay.blocked = true;
            PatternUser server = PatternUser.server(1_000_000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000);
            link.dial(LinkConfig.DEFAULT, client);
            assertExact(client, server, 1000, 1_000_000);
        }
    }

    @Test
    void aPortThatIsTakenForUdpIsTakenForNeither() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                LinkFixture link = new LinkFixture(LinkNetwork.standard(), LinkConfig.DEFAULT)) {
            InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
            LinkServer second =
                    new LinkServer(link.serverLoop, link.serverTotals, LinkFixture.IDENTITY, LinkConfig.DEFAULT, link);
            Future<InetSocketAddress> bound = second.bind(address);
            assertTrue(bound.await(10, TimeUnit.SECONDS));
            assertTrue(bound.cause() instanceof IOException, () -> String.valueOf(bound.cause()));
            Eventually.holds(
                    "the port is free again: the descriptor goes with the selector's next round",
                    () -> isFree(address));
        }
    }

    private static boolean isFree(InetSocketAddress address) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(address);
            return true;
        } catch (BindException e) {
            return false;
        }
    }
}
