package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BridgeLineTest {
    private static final String FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567";

    @ParameterizedTest
    @CsvSource({
        "utp 192.0.2.1:443, Bridge utp 192.0.2.1:443",
        "Bridge utp 192.0.2.1:443, Bridge utp 192.0.2.1:443",
        "bridge utp 192.0.2.1:443, Bridge utp 192.0.2.1:443",
        "'  Bridge \t utp  192.0.2.1:443  cert=abc  \n', Bridge utp 192.0.2.1:443 cert=abc",
        "utp [2001:db8:0::1]:443 cert=abc, Bridge utp [2001:db8::1]:443 cert=abc",
        "utp 192.0.2.1:443 " + FINGERPRINT + ", Bridge utp 192.0.2.1:443 " + FINGERPRINT,
        "utp 192.0.2.1:443 $0123456789abcdef0123456789abcdef01234567 a=1 b=, Bridge utp 192.0.2.1:443 " + FINGERPRINT
                + " a=1 b=",
        "utp 192.0.2.1:443 a=b=c;d a=2, Bridge utp 192.0.2.1:443 a=b=c;d a=2",
    })
    void parsesAndFormats(String line, String canonical) throws Exception {
        BridgeLine bridge = BridgeLine.parse(line);
        assertEquals(canonical, bridge.format());
        assertEquals(bridge, BridgeLine.parse(bridge.format()));
    }

    @ParameterizedTest
    @CsvSource({
        "'', bridge line: the transport's name is missing",
        "Bridge, bridge line: the transport's name is missing",
        "utp, bridge line: the bridge's ADDRESS:PORT is missing",
        "192.0.2.1:443 cert=s3cret, bridge line: '192.0.2.1:443' is not a transport's name",
        "cert=s3cret, bridge line: (an argument stands there) is not a transport's name",
        "utp cert=s3cret, bridge line: address (an argument stands there): not IP:PORT",
        "u-tp 192.0.2.1:443, bridge line: 'u-tp' is not a transport's name",
        "utp example.org:443 cert=s3cret, bridge line: address 'example.org:443': not IP:PORT",
        "utp 192.0.2.1 cert=s3cret, bridge line: address '192.0.2.1': not IP:PORT",
        "utp 192.0.2.1:0 cert=s3cret, bridge line: address '192.0.2.1:0': port 0",
        "utp 192.0.2.1:443 cert = s3cret, bridge line: behind the address a fingerprint of 40 hexadecimal digits or KEY=VALUE is expected",
        "utp 192.0.2.1:443 cert=s3 cret, bridge line: argument 2 is not KEY=VALUE",
        "utp 192.0.2.1:443 =s3cret, bridge line: argument 1 is not KEY=VALUE",
        "utp 192.0.2.1:443 " + FINGERPRINT + " " + FINGERPRINT + ", bridge line: argument 1 is not KEY=VALUE",
        "utp 192.0.2.1:443 cert=ü, 'bridge line: more than one line, or characters other than printable ASCII'",
        "'utp 192.0.2.1:443\nutp 192.0.2.1:443', 'bridge line: more than one line, or characters other than printable ASCII'",
    })
    void refuses(String line, String message) {
        PtParseException e = assertThrows(PtParseException.class, () -> BridgeLine.parse(line));
        assertEquals(message, e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "ü", "a\n"})
    void refusesToHoldWhatALineCannot(String value) {
        InetSocketAddress address = TestAddresses.socket("192.0.2.1:443");
        TransportArgs args = TransportArgs.of("k", value);
        assertThrows(IllegalArgumentException.class, () -> new BridgeLine("utp", address, Optional.empty(), args));
    }

    @Test
    void showsNeitherAddressNorValues() throws Exception {
        String shown = BridgeLine.parse("utp 192.0.2.1:443 cert=s3cret").toString();
        assertEquals("BridgeLine[utp, TransportArgs[cert]]", shown);
        assertFalse(shown.contains("192"));
    }
}
