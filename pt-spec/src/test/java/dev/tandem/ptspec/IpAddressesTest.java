package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressesTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1:443, 192.0.2.1:443",
        "0.0.0.0:0, 0.0.0.0:0",
        "255.255.255.255:65535, 255.255.255.255:65535",
        "[2001:db8::1]:443, [2001:db8::1]:443",
        "[2001:DB8:0:0:0:0:0:1]:443, [2001:db8::1]:443",
        "[::]:1, [::]:1",
        "[::1]:1, [::1]:1",
        "[1::]:1, [1::]:1",
        "[1:2:3:4:5:6:7:8]:1, [1:2:3:4:5:6:7:8]:1",
        "[1::3:4:5:6:7:8]:1, [1:0:3:4:5:6:7:8]:1",
        "[1:0:0:4:0:0:0:8]:1, [1:0:0:4::8]:1",
        "[1:0:0:4:5:0:0:8]:1, [1::4:5:0:0:8]:1",
        "[64:ff9b::192.0.2.1]:1, [64:ff9b::c000:201]:1",
        "[::ffff:192.0.2.1]:1, 192.0.2.1:1",
    })
    void parsesAndFormats(String text, String canonical) throws Exception {
        assertEquals(canonical, IpAddresses.format(IpAddresses.parseAddressPort(text)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":1",
                "192.0.2.1",
                "192.0.2.1:",
                "192.0.2.1:65536",
                "192.0.2.1:-1",
                "192.0.2.1:+1",
                "192.0.2.1:1 ",
                " 192.0.2.1:1",
                "192.0.2:1",
                "192.0.2.1.5:1",
                "192.0.2.256:1",
                "192.0.2.01:1",
                "192.0..1:1",
                "2001:db8::1:443",
                "[2001:db8::1]443",
                "[2001:db8::1",
                "[2001:db8:::1]:443",
                "[1::2::3]:443",
                "[1:2:3:4:5:6:7]:443",
                "[1:2:3:4:5:6:7:8:9]:443",
                "[1:2:3:4::5:6:7:8]:443",
                "[12345::]:443",
                "[g::]:443",
                "[:1]:443",
                "[1:]:443",
                "[1.2.3.4::]:443",
                "[1:2:3:4:5:6:7:1.2.3.4]:443",
                "[fe80::1%eth0]:443",
                "[192.0.2.1]:443",
                "[]:443",
                "localhost:443",
                "/192.0.2.1:443",
            })
    void refuses(String text) {
        assertThrows(PtParseException.class, () -> IpAddresses.parseAddressPort(text));
    }

    @Test
    void formatsWhatItParsesForAnyAddress() throws Exception {
        Random random = new Random(20130);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            for (int group = 0; group < 8; group++) {
                if (random.nextInt(3) > 0) {
                    bytes[2 * group] = 0;
                    bytes[2 * group + 1] = 0;
                }
            }
            bytes[0] = 0x20; // keeps it from mapping an IPv4 address
            InetAddress address = InetAddress.getByAddress(bytes);
            assertEquals(address, IpAddresses.parseIpv6(IpAddresses.format(address)), "seed 20130, round " + i);
        }
    }
}
