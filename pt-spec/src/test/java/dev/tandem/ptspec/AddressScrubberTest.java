package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressScrubberTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.1 | [scrubbed]",
                "from 192.0.2.1:443, again | from [scrubbed], again",
                "/192.0.2.1:443 | [scrubbed]",
                "[2001:db8::1]:443 | [scrubbed]",
                "2001:db8::1 refused | [scrubbed] refused",
                "::1 | [scrubbed]",
                "at ::ffff:192.0.2.1. | at [scrubbed].",
                "fe80::1%eth0 | [scrubbed]",
                "2001:db8:1:2:3:4:5:6 | [scrubbed]",
                "[2001:db8:1:2:3:4:5:6]:9001 | [scrubbed]",
                "connection refused: /192.0.2.7:1 | connection refused: [scrubbed]",
                "host.example/192.0.2.7:1 | host.example/[scrubbed]",
                // Four numbers are an address: better a version lost than an address told.
                "tor 0.4.9.11 | tor [scrubbed]",
            })
    void takesAddressesOut(String text, String expected) {
        assertEquals(expected, AddressScrubber.scrub(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "12:34:56 bootstrapped",
                "tandem 0.1.0 on Java 17.0.15",
                "a ratio of 1.12",
                "utp: 10, tls: 20",
                "cert= is not base64url",
                "dev.tandem.ptspec.ProxyLog",
            })
    void leavesTheRestAlone(String text) {
        assertEquals(text, AddressScrubber.scrub(text));
    }

    @Test
    void aLogIsOfSingleLines() {
        List<String> lines = new ArrayList<>();
        new ProxyLog((severity, line) -> lines.add(severity + " " + line), false).notice("one\r\n  two 192.0.2.1\n");
        new ProxyLog((severity, line) -> lines.add(severity + " " + line), true).warning("at 192.0.2.1");
        assertEquals(List.of("NOTICE one two [scrubbed] ", "WARNING at 192.0.2.1"), lines);
    }
}
