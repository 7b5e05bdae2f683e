package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManagedEnvironmentTest {
    private static Map<String, String> client() {
        Map<String, String> environment = new HashMap<>();
        environment.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        environment.put("TOR_PT_STATE_LOCATION", "/var/lib/tor/pt_state/");
        environment.put("TOR_PT_CLIENT_TRANSPORTS", "utp");
        return environment;
    }

    private static Map<String, String> server() {
        Map<String, String> environment = new HashMap<>();
        environment.put("TOR_PT_MANAGED_TRANSPORT_VER", "1");
        environment.put("TOR_PT_STATE_LOCATION", "/var/lib/tor/pt_state/");
        environment.put("TOR_PT_SERVER_TRANSPORTS", "utp,obfs4");
        environment.put("TOR_PT_ORPORT", "127.0.0.1:9001");
        environment.put("TOR_PT_EXTENDED_SERVER_PORT", "");
        return environment;
    }

    @Test
    void isManagedIfTorSaysWhichVersionsItSpeaks() {
        assertTrue(ManagedEnvironment.isManaged(client()));
        assertFalse(ManagedEnvironment.isManaged(Map.of("HOME", "/root")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1,2", "2,1", "1a,1,2b,this_is_a_valid_ver"})
    void acceptsAnyListWithOurVersion(String versions) throws Exception {
        assertEquals("1", ManagedEnvironment.negotiateVersion(Map.of("TOR_PT_MANAGED_TRANSPORT_VER", versions)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2", "1a", "10", "1.0", ","})
    void refusesAListWithoutOurVersion(String versions) {
        StartupException e = assertThrows(
                StartupException.UnsupportedVersion.class,
                () -> ManagedEnvironment.negotiateVersion(Map.of("TOR_PT_MANAGED_TRANSPORT_VER", versions)));
        assertEquals("VERSION-ERROR no-version\n", report(e, false));
    }

    @Test
    void missingVersionsAreAnEnvironmentError() {
        StartupException e = assertThrows(
                StartupException.BadEnvironment.class, () -> ManagedEnvironment.negotiateVersion(Map.of()));
        assertEquals("ENV-ERROR no TOR_PT_MANAGED_TRANSPORT_VER\n", report(e, false));
    }

    @Test
    void parsesAMinimalClient() throws Exception {
        ClientEnvironment environment = ClientEnvironment.parse(client());
        assertEquals(List.of("utp"), environment.transports());
        assertEquals(Optional.empty(), environment.upstreamProxy());
        assertEquals(Path.of("/var/lib/tor/pt_state"), environment.stateLocation());
        assertFalse(environment.exitOnStdinClose());
        assertEquals(Optional.empty(), environment.outboundBindAddress(TestAddresses.ip("192.0.2.1")));
    }

    @Test
    void parsesAFullClient() throws Exception {
        Map<String, String> variables = client();
        variables.put("TOR_PT_CLIENT_TRANSPORTS", "obfs4,utp,obfs4");
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", "1");
        variables.put("TOR_PT_PROXY", "socks5://me:s3cret@127.0.0.1:8001");
        variables.put("TOR_PT_OUTBOUND_BIND_ADDRESS_V4", "203.0.113.4");
        variables.put("TOR_PT_OUTBOUND_BIND_ADDRESS_V6", "[2001:db8::4]");
        ClientEnvironment environment = assertInstanceOf(ClientEnvironment.class, ManagedEnvironment.parse(variables));
        assertEquals(List.of("obfs4", "utp"), environment.transports());
        assertTrue(environment.exitOnStdinClose());
        assertEquals(
                UpstreamProxy.Type.SOCKS5,
                environment.upstreamProxy().orElseThrow().type());
        assertEquals(
                Optional.of(TestAddresses.ip("203.0.113.4")),
                environment.outboundBindAddress(TestAddresses.ip("192.0.2.1")));
        assertEquals(
                Optional.of(TestAddresses.ip("2001:db8::4")),
                environment.outboundBindAddress(TestAddresses.ip("2001:db8::1")));
        assertEquals(Optional.empty(), environment.outboundBindAddress(TestAddresses.ip("127.0.0.1")));
        assertEquals(Optional.empty(), environment.outboundBindAddress(TestAddresses.ip("::1")));
        assertFalse(environment.toString().contains("s3cret"));
    }

    @Test
    void parsesAServer() throws Exception {
        Map<String, String> variables = server();
        variables.put("TOR_PT_SERVER_BINDADDR", "utp-0.0.0.0:0,obfs4-[2001:db8::1]:443");
        variables.put("TOR_PT_SERVER_TRANSPORT_OPTIONS", "utp:key=a\\:b\\;c;utp:e=f=g");
        ServerEnvironment environment = assertInstanceOf(ServerEnvironment.class, ManagedEnvironment.parse(variables));
        assertEquals(List.of("utp", "obfs4"), environment.transports());
        assertEquals(Optional.of(TestAddresses.socket("127.0.0.1:9001")), environment.orPort());
        assertEquals(Optional.empty(), environment.extendedOrPort());
        assertEquals(Optional.empty(), environment.authCookieFile());
        assertEquals(Optional.of(TestAddresses.socket("0.0.0.0:0")), environment.bindAddressOf("utp"));
        assertEquals(Optional.of(TestAddresses.socket("[2001:db8::1]:443")), environment.bindAddressOf("obfs4"));
        assertEquals(TransportArgs.of("key", "a:b;c").and("e", "f=g"), environment.optionsOf("utp"));
        assertEquals(TransportArgs.empty(), environment.optionsOf("obfs4"));
    }

    @Test
    void parsesAServerWithAnExtendedOrPort() throws Exception {
        Map<String, String> variables = server();
        variables.remove("TOR_PT_ORPORT");
        variables.put("TOR_PT_EXTENDED_SERVER_PORT", "[::1]:4200");
        variables.put("TOR_PT_AUTH_COOKIE_FILE", "/var/lib/tor/extended_orport_auth_cookie");
        ServerEnvironment environment = ServerEnvironment.parse(variables);
        assertEquals(Optional.empty(), environment.orPort());
        assertEquals(Optional.of(TestAddresses.socket("[::1]:4200")), environment.extendedOrPort());
        assertEquals(Optional.of(Path.of("/var/lib/tor/extended_orport_auth_cookie")), environment.authCookieFile());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "true", "01", " 1", "1 "})
    void onlyOneMeansToWatchStandardInput(String value) throws Exception {
        Map<String, String> variables = client();
        variables.put("TOR_PT_EXIT_ON_STDIN_CLOSE", value);
        assertFalse(ClientEnvironment.parse(variables).exitOnStdinClose());
    }

    /** One variable set to something bad, or unset where the value is empty. */
    @ParameterizedTest
    @CsvSource({
        "TOR_PT_CLIENT_TRANSPORTS, , neither TOR_PT_CLIENT_TRANSPORTS nor TOR_PT_SERVER_TRANSPORTS set",
        "TOR_PT_SERVER_TRANSPORTS, utp, both TOR_PT_CLIENT_TRANSPORTS and TOR_PT_SERVER_TRANSPORTS set",
        "TOR_PT_CLIENT_TRANSPORTS, 'utp,', TOR_PT_CLIENT_TRANSPORTS: not a list of transport names",
        "TOR_PT_CLIENT_TRANSPORTS, u-tp, TOR_PT_CLIENT_TRANSPORTS: not a list of transport names",
        "TOR_PT_CLIENT_TRANSPORTS, '*', TOR_PT_CLIENT_TRANSPORTS: not a list of transport names",
        "TOR_PT_STATE_LOCATION, , no TOR_PT_STATE_LOCATION",
        "TOR_PT_STATE_LOCATION, pt_state, TOR_PT_STATE_LOCATION: not an absolute path",
        "TOR_PT_STATE_LOCATION, '/a\0b', TOR_PT_STATE_LOCATION: not an absolute path",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V4, ::1, TOR_PT_OUTBOUND_BIND_ADDRESS_V4: malformed IPv4 address",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V6, ::1, TOR_PT_OUTBOUND_BIND_ADDRESS_V6: not an IPv6 address in brackets",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V6, [::ffff:192.0.2.1], TOR_PT_OUTBOUND_BIND_ADDRESS_V6: an IPv4 address",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V6, [x], TOR_PT_OUTBOUND_BIND_ADDRESS_V6: malformed IPv6 address",
    })
    void refusesABadClientEnvironment(String name, String value, String message) {
        StartupException e = assertThrows(
                StartupException.BadEnvironment.class, () -> ClientEnvironment.parse(with(client(), name, value)));
        assertEquals(message, e.getMessage());
        assertThrows(
                StartupException.BadEnvironment.class, () -> ManagedEnvironment.parse(with(client(), name, value)));
    }

    @ParameterizedTest
    @CsvSource({
        "TOR_PT_SERVER_TRANSPORTS, , neither TOR_PT_CLIENT_TRANSPORTS nor TOR_PT_SERVER_TRANSPORTS set",
        "TOR_PT_CLIENT_TRANSPORTS, utp, both TOR_PT_CLIENT_TRANSPORTS and TOR_PT_SERVER_TRANSPORTS set",
        "TOR_PT_ORPORT, , neither TOR_PT_ORPORT nor TOR_PT_EXTENDED_SERVER_PORT set",
        "TOR_PT_ORPORT, 127.0.0.1:0, TOR_PT_ORPORT: port 0",
        "TOR_PT_ORPORT, localhost:9001, TOR_PT_ORPORT: not IP:PORT",
        "TOR_PT_EXTENDED_SERVER_PORT, 127.0.0.1, TOR_PT_EXTENDED_SERVER_PORT: not IP:PORT",
        "TOR_PT_EXTENDED_SERVER_PORT, 127.0.0.1:4200, 'TOR_PT_EXTENDED_SERVER_PORT set, but no TOR_PT_AUTH_COOKIE_FILE'",
        "TOR_PT_SERVER_BINDADDR, utp, TOR_PT_SERVER_BINDADDR: not a list of NAME-IP:PORT",
        "TOR_PT_SERVER_BINDADDR, -127.0.0.1:1, TOR_PT_SERVER_BINDADDR: not a list of NAME-IP:PORT",
        "TOR_PT_SERVER_BINDADDR, 'utp-127.0.0.1:1,', TOR_PT_SERVER_BINDADDR: not a list of NAME-IP:PORT",
        "TOR_PT_SERVER_BINDADDR, utp-example.org:1, TOR_PT_SERVER_BINDADDR: address of utp: not IP:PORT",
        "TOR_PT_SERVER_BINDADDR, utp-::1:1, TOR_PT_SERVER_BINDADDR: address of utp: not IP:PORT",
        "TOR_PT_SERVER_BINDADDR, 'utp-127.0.0.1:1,utp-127.0.0.1:2', TOR_PT_SERVER_BINDADDR: utp occurs twice",
        "TOR_PT_SERVER_BINDADDR, other-127.0.0.1:1, TOR_PT_SERVER_BINDADDR: other is not in TOR_PT_SERVER_TRANSPORTS",
        "TOR_PT_SERVER_TRANSPORT_OPTIONS, utp:key, TOR_PT_SERVER_TRANSPORT_OPTIONS: argument 1 has no '='",
        "TOR_PT_SERVER_TRANSPORT_OPTIONS, other:k=v, TOR_PT_SERVER_TRANSPORT_OPTIONS: other is not in TOR_PT_SERVER_TRANSPORTS",
    })
    void refusesABadServerEnvironment(String name, String value, String message) {
        StartupException e = assertThrows(
                StartupException.BadEnvironment.class, () -> ServerEnvironment.parse(with(server(), name, value)));
        assertEquals(message, e.getMessage());
    }

    @Test
    void refusesARelativeCookieFile() {
        Map<String, String> variables = server();
        variables.put("TOR_PT_EXTENDED_SERVER_PORT", "127.0.0.1:4200");
        variables.put("TOR_PT_AUTH_COOKIE_FILE", "cookie");
        StartupException e = assertThrows(StartupException.class, () -> ServerEnvironment.parse(variables));
        assertEquals("TOR_PT_AUTH_COOKIE_FILE: not an absolute path", e.getMessage());
    }

    @Test
    void theWrongProgramSaysSo() {
        assertEquals(
                "no TOR_PT_CLIENT_TRANSPORTS: this is a client, started as a server",
                assertThrows(StartupException.class, () -> ClientEnvironment.parse(server()))
                        .getMessage());
        assertEquals(
                "no TOR_PT_SERVER_TRANSPORTS: this is a server, started as a client",
                assertThrows(StartupException.class, () -> ServerEnvironment.parse(client()))
                        .getMessage());
    }

    @Test
    void aBadUpstreamProxyIsAProxyErrorWithoutItsPassword() {
        StartupException e = assertThrows(
                StartupException.BadUpstreamProxy.class,
                () -> ClientEnvironment.parse(with(client(), "TOR_PT_PROXY", "socks5://me:s3cret@example.org:1")));
        assertEquals(
                "VERSION 1\nPROXY-ERROR TOR_PT_PROXY: the upstream proxy's address: not IP:PORT\n", report(e, true));
    }

    @Test
    void aBadEnvironmentIsAnEnvError() {
        StartupException e = assertThrows(
                StartupException.class, () -> ClientEnvironment.parse(with(client(), "TOR_PT_STATE_LOCATION", null)));
        assertEquals("""
                VERSION 1
                LOG SEVERITY=error MESSAGE="no TOR_PT_STATE_LOCATION"
                ENV-ERROR no TOR_PT_STATE_LOCATION
                """, report(e, true));
    }

    private static String report(StartupException e, boolean versionSent) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransportMessages messages = new TransportMessages(out);
        if (versionSent) {
            messages.version("1");
        }
        e.report(messages);
        return out.toString(StandardCharsets.US_ASCII);
    }

    private static Map<String, String> with(Map<String, String> environment, String name, @Nullable String value) {
        if (value == null) {
            environment.remove(name);
        } else {
            environment.put(name, value);
        }
        return environment;
    }
}
