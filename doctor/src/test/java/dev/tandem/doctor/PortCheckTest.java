package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortCheckTest {
    private static final FileAccess TOR = new FileAccess("debian-tor", 102, List.of(102L));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private FakeSystem system() {
        return new FakeSystem(root);
    }

    private PortCheck check() {
        return new PortCheck(system().files(), "server-pt");
    }

    @Test
    void listensForAMoment() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Finding finding = check().check(local(port), true);
        assertEquals(Level.OK, finding.level(), finding.text());
        assertEquals("port 127.0.0.1:" + port + ", TCP and UDP: free", finding.text());
        assertEquals(Level.NOTE, check().check(local(0), true).level());
    }

    @Test
    void tellsWhichOfTheTwoIsTaken() throws IOException {
        try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Finding finding = check().check(local(tcp.getLocalPort()), true);
            assertEquals(Level.FAIL, finding.level());
            assertTrue(finding.text().contains("TCP is taken by a program that only root may see"), finding.text());
        }
        try (DatagramSocket udp = new DatagramSocket(local(0))) {
            Finding finding = check().check(local(udp.getLocalPort()), true);
            assertEquals(Level.FAIL, finding.level());
            assertTrue(finding.text().contains("UDP is taken"), finding.text());
            Finding tcp = check().check(local(udp.getLocalPort()), false);
            assertEquals(Level.OK, tcp.level(), tcp.text());
        }
    }

    @Test
    void findsWhoHasIt() throws IOException {
        try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = tcp.getLocalPort();
            String row = String.format(
                    Locale.ROOT,
                    "  sl  local_address rem_address st\n   0: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1\n",
                    port);
            FakeSystem system = system().with("/proc/net/tcp", row)
                    .with("/proc/77/comm", "nginx\n")
                    .with("/proc/77/cmdline", "nginx\0-g\0")
                    .with("/proc/self/comm", "java\n");
            Path descriptors = Files.createDirectories(system.files().at("/proc/77/fd"));
            Files.createSymbolicLink(descriptors.resolve("5"), Path.of("socket:[4711]"));
            Finding nginx = check().check(local(port), true);
            assertEquals(Level.FAIL, nginx.level());
            assertTrue(nginx.text().endsWith("TCP is taken by nginx, process 77"), nginx.text());
            // That of the bridge itself is where it should be.
            system.with("/proc/77/cmdline", "java\0-cp\0x.jar\0dev.tandem.server.ServerMain\0");
            Finding bridge = check().check(local(port), true);
            assertEquals(Level.OK, bridge.level(), bridge.text());
            assertTrue(bridge.text().contains("process 77"), bridge.text());
            assertEquals(
                    Level.FAIL,
                    new PortCheck(system.files(), "client-pt")
                            .check(local(port), true)
                            .level());
        }
    }

    @Test
    void namesAnAddressOfAnotherMachine() throws IOException {
        InetAddress other = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
        Finding finding = check().check(new InetSocketAddress(other, 40_000), true);
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().endsWith("not an address of this machine"), finding.text());
    }

    @Test
    void knowsWhoMayListenBelow1024() {
        FakeSystem system = system().with("/proc/self/status", "Name:\tjava\nCapEff:\t0000000000000000\n");
        Finding without = check().check(local(443), true);
        assertEquals(Level.FAIL, without.level());
        assertTrue(without.explanation().contains("CAP_NET_BIND_SERVICE"), without.explanation());
        assertTrue(
                without.paste().get(0).contains("net.ipv4.ip_unprivileged_port_start = 443"),
                without.paste().get(0));
        system.with("/proc/sys/net/ipv4/ip_unprivileged_port_start", "443\n");
        // Free or not, it is looked at.
        assertTrue(check().check(local(443), true).text().startsWith("port 127.0.0.1:443"), "443");
        assertTrue(check().check(local(442), true).text().contains("may not listen below 443"), "442");
        system.with("/proc/self/status", "CapEff:\t0000000000000400\n");
        assertTrue(!check().check(local(442), true).text().contains("may not listen"), "capability");
    }

    @Test
    void knowsThatTorPassesNoCapabilityOn() {
        FakeSystem system = system().with("/proc/self/status", "CapEff:\t000001fffeffffff\n")
                .with("/lib/systemd/system/tor@default.service", "[Service]\nNoNewPrivileges=yes\n");
        ServiceUnit unit =
                ServiceUnit.find(system.files(), "tor@default.service").orElseThrow();
        Finding finding = check().checkForTor(local(443), true, TOR, unit);
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().contains("debian-tor may not listen"), finding.text());
        assertTrue(
                finding.explanation().contains("has no effect: NoNewPrivileges=yes of tor@default.service"),
                finding.explanation());
        Finding byHand = check().checkForTor(local(443), true, null, null);
        assertEquals(Level.FAIL, byHand.level());
        assertTrue(byHand.explanation().contains("to all Java programs"), byHand.explanation());
        FileAccess root = new FileAccess("root", 0, List.of(0L));
        assertTrue(!check().checkForTor(local(443), true, root, null).text().contains("may not"), "root");
    }
}
