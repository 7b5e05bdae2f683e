package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientConfigFileTest {
    private static final String GOOD = """
            # both of them
            state = "/var/lib/x"
            require-bridge = true

            [bridges]
            home = "utp 127.0.0.1:4433 cert=%1$s cc=cubic"
            spare = "utp [::1]:443 cert=%1$s"

            [[forward]]
            listen = "127.0.0.1:2222"
            bridges = ["spare", "home"]
            carrier = "tls"
            idle = 600

            [[forward]]
            listen = "127.0.0.1:0"
            bridges = ["home"]
            """.formatted(Bridge.CERT);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private Path write(String text) throws Exception {
        return Files.writeString(folder.resolve("tandem.toml"), text);
    }

    @Test
    void hasBridgesForwardsAndSettings() throws Exception {
        ClientConfigFile file = ClientConfigFile.read(write(GOOD));
        assertEquals("/var/lib/x", Objects.requireNonNull(file.setting("state")).value());
        assertEquals(
                "true", Objects.requireNonNull(file.setting("require-bridge")).value());
        assertNull(file.setting("socks"));
        assertEquals(2, file.forwards().size());
        Forward first = file.forwards().get(0);
        assertEquals(2222, first.listen().getPort());
        assertEquals(
                List.of("spare", "home"),
                first.bridges().stream().map(KnownBridge::name).toList());
        assertEquals(new ClientOptions(CarrierPolicy.TLS, null, null, 600), first.options());
        KnownBridge home = first.bridges().get(1);
        assertEquals(CongestionControl.CUBIC, home.arguments().options().congestion());
        assertEquals(home, file.forwards().get(1).bridges().get(0), "one memory of its failures");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"/var/lib/x\" | SECRET | :2: not TOML, or a key for the second time, near column 9; texts are in quotes",
                "carrier = | carrier = \"SECRET\" # | :12: forward.carrier: carrier= takes auto, tls or utp",
                "idle = 600 | idle = \"SECRET\" | :13: forward.idle: idle= takes a number from 1 to 604800",
                "idle = 600 | mtu = 9 | :13: forward.mtu: mtu= takes a number from 576 to 65000",
                "idle = 600 | idle = 1.5 | :13: forward.idle takes a text in quotes, a whole number, or true or false",
                "idle = 600 | speed = 1 | :13: unknown key speed; here are bridges, carrier, cc, idle, listen and mtu",
                "idle = 600 | \"SECRET 1\" = 1 | :13: an unknown key; here are",
                "state = | stat = | :2: unknown key stat; here are bind-v4, bind-v6, [bridges], [[forward]], metrics,",
                "[\"spare\", \"home\"] | [\"spare\", \"SECRET\"] | :11: forward.bridges: name 2 is none of [bridges]",
                "[\"spare\", \"home\"] | [\"home\", \"home\"] | :11: forward.bridges: name 2 is there for the second time",
                "[\"spare\", \"home\"] | [] | :11: forward.bridges takes 1 to 16 names of bridges: [\"NAME\", ...]",
                "listen = \"127.0.0.1:2222\" | # | :9: forward.listen is missing; it takes \"ADDRESS:PORT\"",
                "127.0.0.1:2222 | SECRET | :10: forward.listen: not IP:PORT",
                "spare = \"utp [::1]:443 cert= | spare = \"cert=SECRET # | :7: bridges.spare: bridge line: (an argument stands there)",
                "spare = | home = | :7: not TOML, or a key for the second time, near column",
                "spare = | \"a b\" = | :7: a bridge's name takes up to 40 letters, digits, - and _",
                "cc=cubic | cc=SECRET | :6: bridges.home: bridge line: cc= takes bbr, cubic, ledbat or ledbat++",
            })
    void namesFileLineAndKeyAndWhatItTakesInOneLine(String old, String changed, String expected) throws Exception {
        assertTrue(GOOD.contains(old), old);
        int at = GOOD.indexOf(old);
        String text = GOOD.substring(0, at) + changed + GOOD.substring(at + old.length());
        Path file = write(text);
        ExitException e = assertThrows(ExitException.class, () -> ClientConfigFile.read(file));
        String message = String.valueOf(e.getMessage());
        assertEquals(ExitCode.CONFIGURATION, e.code());
        assertTrue(message.startsWith(file + expected), message);
        assertEquals(1, message.lines().count());
        assertFalse(message.contains("SECRET") || message.contains(Bridge.CERT), message);
    }

    @Test
    void namesTheForwardThatCannotListen() throws Exception {
        Path file = write(GOOD.replace("127.0.0.1:0", "192.0.2.1:1")
                .replace("127.0.0.1:2222", "127.0.0.1:0")
                .replace("require-bridge = true", "")
                .replace("/var/lib/x", folder.resolve("state").toString()));
        StringWriter err = new StringWriter();
        int code = ClientMain.commandLine(Map.of())
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(err, true))
                .execute("standalone", "--config", file.toString());
        assertEquals(ExitCode.CANNOT_BIND.number(), code);
        assertTrue(
                err.toString().startsWith("client-pt: " + file + ":16: forward.listen: cannot listen"), err.toString());
        assertFalse(err.toString().contains("192.0"), err.toString());
    }

    /** The whole program: two forwards, SOCKS, a bridge that is not there, and a signal. */
    @Test
    void isWhatTheProgramRunsBy() throws Exception {
        try (Bridge bridge = new Bridge()) {
            String text = """
                    socks = "127.0.0.1:0"
                    require-bridge = true
                    [bridges]
                    gone = "utp 127.0.0.1:1 cert=%1$s"
                    here = "utp 127.0.0.1:%2$d cert=%1$s"
                    [[forward]]
                    listen = "127.0.0.1:0"
                    bridges = ["gone", "here"]
                    [[forward]]
                    listen = "127.0.0.1:0"
                    bridges = ["here"]
                    """.formatted(Bridge.CERT, bridge.address.getPort());
            try (ProxyProcess proxy = new ProxyProcess(
                    Map.of(), "standalone", "--config", write(text).toString())) {
                proxy.await("bridge gone has not taken a session: connection refused");
                for (int i = 0; i < 2; i++) {
                    InetSocketAddress local = Socks.proxyOf(proxy.await("listening on "));
                    try (Socket socket = new Socket(local.getAddress(), local.getPort())) {
                        socket.setSoTimeout(30_000);
                        socket.getOutputStream().write(7);
                        assertEquals(7, socket.getInputStream().read());
                    }
                }
                InetSocketAddress requests = Socks.proxyOf(proxy.await("SOCKS requests on "));
                try (Socks socks = new Socks(requests)) {
                    assertEquals(0, socks.request(bridge.address, "cert=" + Bridge.CERT + ";carrier=tls"));
                    socks.socket.getOutputStream().write(7);
                    assertEquals(7, socks.in.read());
                }
                try (Socks socks = new Socks(requests)) {
                    assertEquals(1, socks.request(bridge.address, "cert=" + Bridge.CERT + ";speed=9"));
                }
                proxy.await("bridge line: unknown argument speed=;");
                assertEquals(0, proxy.terminate());
                proxy.assertSilentAbout(Bridge.CERT);
            }
        }
    }
}
