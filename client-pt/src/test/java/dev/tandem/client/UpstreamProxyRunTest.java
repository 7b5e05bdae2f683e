package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.client.UpstreamStub.Kind;
import dev.tandem.client.UpstreamStub.Manner;
import dev.tandem.client.upstream.UpstreamNetwork;
import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionRelay;
import dev.tandem.utp.paired.memory.PathMemory;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything goes through the upstream proxy, or nothing goes anywhere. */
@Timeout(60)
class UpstreamProxyRunTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private ManagedRun run(String proxy) throws IOException {
        Map<String, String> variables = new HashMap<>();
        variables.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        variables.put("TOR_PT_STATE_LOCATION", folder.resolve("state").toString());
        variables.put("TOR_PT_CLIENT_TRANSPORTS", "utp");
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        variables.put("TOR_PT_PROXY", proxy);
        // Of use for a bridge elsewhere, and never on the way to a proxy on this machine.
        variables.put("TOR_PT_OUTBOUND_BIND_ADDRESS_V4", "192.0.2.77");
        return new ManagedRun(variables);
    }

    private static void exchange(Socks socks, int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        Thread writer = new Thread(() -> {
            try {
                socks.socket.getOutputStream().write(content);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        assertArrayEquals(content, socks.in.readNBytes(length));
        writer.join();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SOCKS4A | '' | ''",
                "SOCKS4A | friend | friend",
                "SOCKS5 | '' | ''",
                "SOCKS5 | friend:pässwörd | friend:p%C3%A4ssw%C3%B6rd",
                // The proxy may have no use for what it is offered.
                "SOCKS5 | '' | friend:password",
                "HTTP | '' | ''",
                "HTTP | friend:pässwörd@: | friend:pässwörd@:",
            })
    void carriesASessionByTlsAlone(Kind kind, String login, String userInfo) throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UpstreamStub stub = new UpstreamStub(kind, Manner.CONNECTS, login, bridge.address);
                ManagedRun run = run(stub.uri(userInfo))) {
            InetSocketAddress socksPort = Socks.proxyOf(run.await("CMETHOD "));
            assertEquals(List.of("VERSION 1", "PROXY DONE"), run.lines().subList(0, 2));
            try (Socks socks = new Socks(socksPort)) {
                assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT));
                exchange(socks, 1_000_000);
                socks.socket.shutdownOutput();
                assertEquals(-1, socks.in.read());
            }
            run.await("LOG SEVERITY=info MESSAGE=\"session ended: finished");
            assertEquals(List.of("127.0.0.1:" + trap.address.getPort()), stub.asked);
            trap.assertUntouched();
            run.stop();
            for (String line : run.logLines()) {
                assertFalse(line.contains("127.0") || line.contains("friend") || line.contains("ssw"), line);
                assertFalse(line.contains("sending on utp"), line);
            }
            Path memory = folder.resolve("state").resolve("utp_paths");
            assertFalse(
                    Files.exists(memory) && Files.readString(memory).contains("blocked"), "nothing to learn of UDP");
        }
    }

    /** A lost connection is dialled again the same way. */
    @Test
    void resumesThroughTheProxy() throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UpstreamStub stub = new UpstreamStub(Kind.SOCKS5, Manner.CONNECTS, "", bridge.address);
                ManagedRun run = run(stub.uri(""));
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT));
            exchange(socks, 10_000);
            stub.cut();
            exchange(socks, 20_000);
            assertEquals(2, stub.asked.size());
            trap.assertUntouched();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SOCKS5 | REFUSES | '' | '' | 1 | it refuses to connect",
                "SOCKS5 | BRIDGE_REFUSES | '' | '' | 5 | connection refused: says the upstream proxy",
                "SOCKS5 | FORBIDS | '' | '' | 1 | its rules do not allow it",
                "SOCKS5 | CONNECTS | friend:password | '' | 1 | logged in to in another way",
                "SOCKS5 | CONNECTS | friend:password | friend:wrong | 1 | does not accept the user name and password",
                "SOCKS5 | CLOSES | '' | '' | 1 | it closed the connection",
                "SOCKS5 | BABBLES | '' | '' | 1 | no way through the upstream proxy",
                "SOCKS4A | REFUSES | '' | '' | 1 | it refuses to connect",
                "SOCKS4A | CONNECTS | friend | other | 1 | does not accept the user name and password",
                "SOCKS4A | BABBLES | '' | '' | 1 | no way through the upstream proxy",
                "HTTP | REFUSES | '' | '' | 1 | it answers with status 502",
                "HTTP | FORBIDS | '' | '' | 1 | its rules do not allow it",
                "HTTP | CONNECTS | friend:password | '' | 1 | does not accept the user name and password",
                "HTTP | CONNECTS | friend:password | friend:wrong | 1 | does not accept the user name and password",
                "HTTP | CLOSES | '' | '' | 1 | it closed the connection",
                "HTTP | BABBLES | '' | '' | 1 | no way through the upstream proxy",
            })
    void failsClosed(Kind kind, Manner manner, String login, String userInfo, int reply, String expected)
            throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UpstreamStub stub = new UpstreamStub(kind, manner, login, bridge.address);
                ManagedRun run = run(stub.uri(userInfo));
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(reply, socks.request(trap.address, "cert=" + Bridge.CERT));
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains(expected), line);
            assertFalse(line.contains("127.0") || line.contains("friend") || line.contains("scrubbed"), line);
            trap.assertUntouched();
        }
    }

    @Test
    void failsClosedWithoutTheProxy() throws Exception {
        try (Trap trap = new Trap();
                ManagedRun run = run("socks5://127.0.0.1:" + Trap.unused().getPort());
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(1, socks.request(trap.address, "cert=" + Bridge.CERT));
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("upstream proxy: it cannot be reached: connection refused"), line);
            trap.assertUntouched();
        }
    }

    @Test
    void saysThatThereIsNoUtp() throws Exception {
        try (Trap trap = new Trap();
                ManagedRun run = run("http://127.0.0.1:" + Trap.unused().getPort());
                Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
            assertEquals(1, socks.request(trap.address, "cert=" + Bridge.CERT + ";carrier=utp"));
            String line = run.await("LOG SEVERITY=warning");
            assertTrue(line.contains("carrier=utp, but it takes TCP only"), line);
            trap.assertUntouched();
        }
    }

    /** Also if the proxy says that its relay is everywhere: where it is itself is meant. */
    @ParameterizedTest
    @CsvSource({"127.0.0.1, ''", "0.0.0.0, friend:password"})
    void takesUtpThroughARelay(String relayAddress, String login) throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UdpRelayStub relay = new UdpRelayStub(bridge.address, trap.address);
                UpstreamStub stub = new UpstreamStub(Kind.SOCKS5, Manner.CONNECTS, login, bridge.address);
                ManagedRun run = run(stub.uri(login))) {
            stub.relays.add(relay);
            stub.relayAddress = relayAddress;
            try (Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
                assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT));
                run.await("LOG SEVERITY=info MESSAGE=\"sending on utp now");
                exchange(socks, 1_000_000);
                assertTrue(relay.relayed.get() > 1_000_000 / 1_232, "all of it by UDP");
                assertEquals(0, relay.wrong.get(), "headers and sizes");
                // The relay ends with its TCP connection, and TLS goes on.
                Objects.requireNonNull(stub.relayControl).close();
                run.await("LOG SEVERITY=info MESSAGE=\"sending on tls now");
                exchange(socks, 100_000);
                socks.socket.shutdownOutput();
                assertEquals(-1, socks.in.read());
            }
            trap.assertUntouched();
        }
    }

    @Test
    void endsTheRelayWithTheSession() throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UdpRelayStub relay = new UdpRelayStub(bridge.address, trap.address);
                UpstreamStub stub = new UpstreamStub(Kind.SOCKS5, Manner.CONNECTS, "", bridge.address);
                ManagedRun run = run(stub.uri(""))) {
            stub.relays.add(relay);
            try (Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
                assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT + ";carrier=utp"));
                exchange(socks, 10_000);
                assertFalse(relay.isClosed());
                socks.socket.shutdownOutput();
                assertEquals(-1, socks.in.read());
            }
            awaitEnd(relay);
            trap.assertUntouched();
        }
    }

    /** One on this machine that is not the proxy: it could as well be the bridge itself, or anything else. */
    @Test
    void sendsNothingToARelayThatCannotBeOne() throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UdpRelayStub relay = new UdpRelayStub(bridge.address, trap.address);
                DatagramSocket elsewhere = new DatagramSocket(new InetSocketAddress("127.0.0.2", relay.port()));
                UpstreamStub stub = new UpstreamStub(Kind.SOCKS5, Manner.CONNECTS, "", bridge.address);
                ManagedRun run = run(stub.uri(""))) {
            stub.relays.add(relay);
            stub.relayAddress = "127.0.0.2";
            try (Socks socks = new Socks(Socks.proxyOf(run.await("CMETHOD ")))) {
                assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT));
                awaitEnd(relay);
                exchange(socks, 10_000);
            }
            elsewhere.setSoTimeout(1);
            assertThrows(SocketTimeoutException.class, () -> elsewhere.receive(new DatagramPacket(new byte[1], 1)));
            trap.assertUntouched();
        }
    }

    private static void awaitEnd(UdpRelayStub relay) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!relay.isClosed() && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
        assertTrue(relay.isClosed());
    }

    /** One refusal is enough, and TLS carries all. */
    @Test
    void asksAProxyThatRelaysNoUdpOnlyOnce() throws Exception {
        try (Bridge bridge = new Bridge();
                Trap trap = new Trap();
                UpstreamStub stub = new UpstreamStub(Kind.SOCKS5, Manner.CONNECTS, "", bridge.address);
                ManagedRun run = run(stub.uri(""))) {
            InetSocketAddress socksPort = Socks.proxyOf(run.await("CMETHOD "));
            for (int i = 0; i < 3; i++) {
                try (Socks socks = new Socks(socksPort)) {
                    assertEquals(0, socks.request(trap.address, "cert=" + Bridge.CERT));
                    exchange(socks, 10_000);
                }
            }
            assertEquals(1, stub.associations.get());
            trap.assertUntouched();
        }
    }

    /** With the time that a session has for TCP, and not with as much again for each step. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void waitsForAProxyThatHangsOnlyAsLongAsForTcp(Kind kind) throws Exception {
        LinkConfig config = LinkConfig.DEFAULT
                .withPolicy(CarrierPolicy.TLS)
                .withTimeouts(
                        Duration.ofMillis(300), Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(30));
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        try (Trap trap = new Trap();
                UpstreamStub stub = new UpstreamStub(kind, Manner.HANGS, "", trap.address)) {
            LinkClient client = new LinkClient(
                    group.next(),
                    new CarrierTotals(),
                    new UpstreamNetwork(UpstreamProxy.parse(stub.uri("")), config),
                    new PathMemory(InstantSource.system(), new SecureRandom()),
                    new Random(1));
            Future<Session> dial = client.dial(
                    trap.address,
                    Bridge.IDENTITY.bridgeCert(),
                    config,
                    new SessionRelay(new SessionRelay.Observer() {}));
            ExecutionException e = assertThrows(ExecutionException.class, () -> dial.get(20, TimeUnit.SECONDS));
            String text = String.valueOf(e.getCause());
            assertTrue(text.contains("no answer in time: from the upstream proxy"), text);
            trap.assertUntouched();
        } finally {
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
