package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressScrubberTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // IPv4
                "192.0.2.1 | [scrubbed]",
                "from 192.0.2.1:443, again | from [scrubbed], again",
                "/192.0.2.1:443 | [scrubbed]",
                "(192.0.2.1) | ([scrubbed])",
                "at 192.0.2.1. | at [scrubbed].",
                "addr=192.0.2.1;port=1 | addr=[scrubbed];port=1",
                "https://192.0.2.1/x | https://[scrubbed]/x",
                "a192.0.2.1b | a[scrubbed]b",
                "1.2.0.192.in-addr.arpa | [scrubbed].in-addr.arpa",
                "[192.0.2.1]:443 | [scrubbed]",
                "192.0.2.1, 198.51.100.7:80 | [scrubbed], [scrubbed]",
                "connection refused: /192.0.2.7:1 | connection refused: [scrubbed]",
                // Four numbers are an address: better a version lost than an address told.
                "tor 0.4.9.11 | tor [scrubbed]",
                // IPv6
                "[2001:db8::1]:443 | [scrubbed]",
                "2001:db8::1 refused | [scrubbed] refused",
                "2001:db8::1: refused | [scrubbed]: refused",
                "address:2001:db8::1 | address:[scrubbed]",
                "code:2001:db8::1. | code:[scrubbed].",
                "2001:db8::1:54321 | [scrubbed]",
                "/2001:db8:1:2:3:4:5:6:9001 | [scrubbed]",
                "2001:DB8:1:2:3:4:5:6 | [scrubbed]",
                "[2001:db8:1:2:3:4:5:6]:9001 | [scrubbed]",
                "::1 | [scrubbed]",
                "[::]:443 | [scrubbed]",
                "at 2001:db8:: again | at [scrubbed] again",
                // with an IPv4 tail, and a zone
                "at ::ffff:192.0.2.1. | at [scrubbed].",
                "[::ffff:192.0.2.1]:443 | [scrubbed]",
                "64:ff9b::192.0.2.1 | [scrubbed]",
                "fe80::1%eth0 | [scrubbed]",
                "[fe80::1%eth0.1]:443 | [scrubbed]",
                "fe80:0:0:0:0:0:0:1%2 | [scrubbed]",
                // percent-encoded
                "x=192%2E0%2e2%2E1%3A443&y | x=[scrubbed]&y",
                "%20192.0.2.1 | %20[scrubbed]",
                "%5B2001%3Adb8%3A%3A1%5D%3A443 | [scrubbed]",
                "fe80%3A%3A1%25eth0 | [scrubbed]",
                // names in the texts of exceptions
                "Connection refused: host.example/192.0.2.7:1 | Connection refused: [scrubbed]",
                "io.netty.channel.AbstractChannel$AnnotatedConnectException: connect(..) failed with error(-111): Connection refused:"
                        + " bridge.example/[2001:db8::1]:443 | io.netty.channel.AbstractChannel$AnnotatedConnectException:"
                        + " connect(..) failed with error(-111): Connection refused: [scrubbed]",
                "bridge.example/<unresolved>:443 | [scrubbed]",
                "java.net.UnknownHostException: bridge.example | java.net.UnknownHostException: [scrubbed]",
                "bridge.example: Name or service not known | [scrubbed]: Name or service not known",
                "to duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion:443 | to [scrubbed]",
            })
    void takesAddressesOut(String text, String expected) {
        assertEquals(expected, AddressScrubber.scrub(text));
        assertEquals(expected, AddressScrubber.scrub(expected), "a second time");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "12:34:56 bootstrapped",
                "2026-11-25T12:34:56.789Z",
                "00:00:00.000",
                "tandem 0.1.0 on Java 17.0.15",
                "netty 4.2.18.Final",
                "a ratio of 1.12",
                "1.3.6.1.5.5.7.3.1",
                "utp: 10, tls: 20",
                "cert= is not base64url",
                "dev.tandem.ptspec.ProxyLog.log(ProxyLog.java:61)",
                "java.base/java.net.Socket.connect(Socket.java:633)",
                "SHA256 Fingerprint=AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89.",
                "5d41402abc4b2a76b9719d911017c592",
                "$A09D536DD1752D542E1FBB3C9CE4449D51298239",
                "std::vector, Foo::bar",
                "52:54:00:12:34:56",
                "100% of 50%, 12%3",
                "",
            })
    void leavesTheRestAlone(String text) {
        assertEquals(text, AddressScrubber.scrub(text));
    }

    /** However Java writes it. */
    @Test
    void takesOutWhateverJavaMakesOfAnyAddress() throws Exception {
        Random random = new Random(41);
        for (int i = 0; i < 3_000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            for (int j = 0; j < bytes.length / 2 && random.nextBoolean(); j++) {
                int pair = random.nextInt(bytes.length / 2);
                bytes[2 * pair] = 0;
                bytes[2 * pair + 1] = (byte) random.nextInt(2);
            }
            InetAddress plain = bytes.length == 16
                    ? Inet6Address.getByAddress(null, bytes, random.nextInt(3))
                    : InetAddress.getByAddress(bytes);
            InetSocketAddress address = new InetSocketAddress(plain, 1 + random.nextInt(65_535));
            InetSocketAddress named =
                    new InetSocketAddress(InetAddress.getByAddress("name.example", bytes), address.getPort());
            List<String> spellings = List.of(
                    plain.getHostAddress(),
                    plain.toString(),
                    address.toString(),
                    named.toString(),
                    IpAddresses.format(address),
                    IpAddresses.format(plain),
                    URLEncoder.encode(IpAddresses.format(address), StandardCharsets.UTF_8));
            for (String spelling : spellings) {
                String line = "ends at " + spelling + ", and so on";
                assertEquals("ends at [scrubbed], and so on", AddressScrubber.scrub(line), "seed 41, round " + i);
                String scrubbed = AddressScrubber.scrub("E(" + spelling + "): text");
                assertFalse(scrubbed.contains(plain.getHostAddress()), scrubbed);
            }
        }
    }

    @Test
    void takesLongTextsInItsStride() {
        assertEquals("[scrubbed]", AddressScrubber.scrub("::1").strip());
        String colons = "a:".repeat(20_000);
        AddressScrubber.scrub(colons);
        AddressScrubber.scrub(":".repeat(20_000));
        AddressScrubber.scrub("1.".repeat(20_000));
        AddressScrubber.scrub("x-".repeat(20_000));
    }
}
