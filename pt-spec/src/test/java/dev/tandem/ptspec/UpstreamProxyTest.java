package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamProxyTest {
    @ParameterizedTest
    @CsvSource({
        "socks5://tor:test1234@198.51.100.1:8000, SOCKS5, 198.51.100.1:8000, tor, test1234",
        "socks5://127.0.0.1:8001, SOCKS5, 127.0.0.1:8001, ,",
        "SOCKS5://127.0.0.1:8001, SOCKS5, 127.0.0.1:8001, ,",
        "socks5://127.0.0.1:8001/, SOCKS5, 127.0.0.1:8001, ,",
        "socks4a://198.51.100.2:8001, SOCKS4A, 198.51.100.2:8001, ,",
        "socks4a://me@198.51.100.2:8001, SOCKS4A, 198.51.100.2:8001, me,",
        "http://198.51.100.3:443, HTTP, 198.51.100.3:443, ,",
        "http://me@198.51.100.3:443, HTTP, 198.51.100.3:443, me,",
        "http://me:@198.51.100.3:443, HTTP, 198.51.100.3:443, me, ''",
        "http://[2001:db8::1]:443, HTTP, [2001:db8::1]:443, ,",
        "socks5://me:a%3Ab%40c%25@127.0.0.1:1, SOCKS5, 127.0.0.1:1, me, a:b@c%",
        "socks5://m%C3%BC:x@127.0.0.1:1, SOCKS5, 127.0.0.1:1, mü, x",
        "socks5://m%3Ae:x@127.0.0.1:1, SOCKS5, 127.0.0.1:1, m:e, x",
        // As tor writes them, unescaped.
        "socks5://me:p@:/w%@127.0.0.1:9, SOCKS5, 127.0.0.1:9, me, p@:/w%",
        "socks5://me:100%41%@127.0.0.1:9, SOCKS5, 127.0.0.1:9, me, 100%41%",
    })
    void parses(String uri, UpstreamProxy.Type type, String address, String user, String password) throws Exception {
        UpstreamProxy proxy = UpstreamProxy.parse(uri);
        assertEquals(type, proxy.type());
        assertEquals(address, IpAddresses.format(proxy.address()));
        assertEquals(Optional.ofNullable(user), proxy.user());
        assertEquals(Optional.ofNullable(password), proxy.password());
    }

    @ParameterizedTest
    @CsvSource({
        "'', the upstream proxy must be",
        "127.0.0.1:1, the upstream proxy must be",
        "socks4://127.0.0.1:1, the upstream proxy must be",
        "https://127.0.0.1:1, the upstream proxy must be",
        "socks5:127.0.0.1:1, the upstream proxy must be",
        "socks5://, the upstream proxy's address",
        "socks5://localhost:1, the upstream proxy's address",
        "socks5://127.0.0.1, the upstream proxy's address",
        "socks5://127.0.0.1:0, the upstream proxy's port is 0",
        "socks5://127.0.0.1:1/path, the upstream proxy's address",
        "socks5://127.0.0.1:1?x, the upstream proxy's address",
        "socks5://secret:@127.0.0.1:1, a SOCKS 5 upstream proxy needs",
        "socks5://secret@127.0.0.1:1, a SOCKS 5 upstream proxy needs",
        "socks5://:secret@127.0.0.1:1, the upstream proxy's user name is empty",
        "http://@127.0.0.1:1, the upstream proxy's user name is empty",
        "socks4a://me:secret@127.0.0.1:1, a SOCKS 4a upstream proxy takes no password",
        "http://m%3Ae:secret@127.0.0.1:1, the user name of an HTTP upstream proxy holds a colon",
        "socks5://me:secret%00@127.0.0.1:1, the upstream proxy's credentials hold a NUL",
        "socks5://me:secret%FF@127.0.0.1:1, the upstream proxy's credentials are not UTF-8",
    })
    void refuses(String uri, String message) {
        PtParseException e = assertThrows(PtParseException.class, () -> UpstreamProxy.parse(uri));
        String said = String.valueOf(e.getMessage());
        assertEquals(message, said.substring(0, Math.min(said.length(), message.length())));
        assertFalse(said.contains("secret"), said);
    }

    @Test
    void boundsSocks5CredentialsAt255Bytes() throws Exception {
        String longest = "x".repeat(255);
        assertEquals(
                Optional.of(longest),
                UpstreamProxy.parse("socks5://" + longest + ":" + longest + "@127.0.0.1:1")
                        .password());
        assertThrows(
                PtParseException.class,
                () -> UpstreamProxy.parse("socks5://" + longest + "x:" + longest + "@127.0.0.1:1"));
        assertThrows(
                PtParseException.class,
                () -> UpstreamProxy.parse("socks5://" + longest + ":" + longest + "x@127.0.0.1:1"));
    }

    @Test
    void showsNoCredentials() throws Exception {
        assertEquals(
                "UpstreamProxy[socks5, with credentials]",
                UpstreamProxy.parse("socks5://me:secret@127.0.0.1:1").toString());
    }
}
