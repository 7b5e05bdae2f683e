package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtendedOrPortTest {
    @ParameterizedTest
    @CsvSource({"192.0.2.1:5678", "[1:2::3:4]:5678", "[2001:db8::1]:1"})
    void userAddr(String address) throws Exception {
        byte[] message = ExtendedOrPort.userAddr(IpAddresses.parseAddressPort(address));
        assertEquals(
                "0001" + String.format("%04x", address.length()), HexFormat.of().formatHex(message, 0, 4));
        assertEquals(address, new String(Arrays.copyOfRange(message, 4, message.length), StandardCharsets.US_ASCII));
    }

    @Test
    void userAddrHasNoZone() throws Exception {
        byte[] linkLocal = {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        Inet6Address scoped = Inet6Address.getByAddress(null, linkLocal, 2);
        assertEquals("fe80:0:0:0:0:0:0:1%2", scoped.getHostAddress());
        assertArrayEquals(
                ExtendedOrPort.message(ExtendedOrPort.USERADDR, "[fe80::1]:9".getBytes(StandardCharsets.US_ASCII)),
                ExtendedOrPort.userAddr(new InetSocketAddress(scoped, 9)));
    }

    @Test
    void userAddrRefusesWhatTorRefuses() {
        assertThrows(
                IllegalArgumentException.class, () -> ExtendedOrPort.userAddr(TestAddresses.socket("192.0.2.1:0")));
        assertThrows(
                IllegalArgumentException.class,
                () -> ExtendedOrPort.userAddr(InetSocketAddress.createUnresolved("example.org", 1)));
    }

    @Test
    void transport() {
        assertEquals("00020003757470", HexFormat.of().formatHex(ExtendedOrPort.transport("utp")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "u-tp", "utp\0", "ütp"})
    void transportRefusesWhatTorRefuses(String name) {
        assertThrows(IllegalArgumentException.class, () -> ExtendedOrPort.transport(name));
    }

    @Test
    void introductionEndsInDone() throws Exception {
        assertEquals(
                "0001" + "000b" + HexFormat.of().formatHex("192.0.2.1:5".getBytes(StandardCharsets.US_ASCII))
                        + "00020003757470" + "00000000",
                HexFormat.of()
                        .formatHex(ExtendedOrPort.introduction(IpAddresses.parseAddressPort("192.0.2.1:5"), "utp")));
    }

    @Test
    void whoComesByNoTransportIsIntroducedByAddressAlone() throws Exception {
        assertEquals(
                "0001" + "000b" + HexFormat.of().formatHex("192.0.2.1:5".getBytes(StandardCharsets.US_ASCII))
                        + "00000000",
                HexFormat.of().formatHex(ExtendedOrPort.introduction(IpAddresses.parseAddressPort("192.0.2.1:5"))));
    }

    @Test
    void messageBoundsItsParts() {
        assertEquals(4 + 65535, ExtendedOrPort.message(0xffff, new byte[65535]).length);
        assertThrows(IllegalArgumentException.class, () -> ExtendedOrPort.message(0, new byte[65536]));
        assertThrows(IllegalArgumentException.class, () -> ExtendedOrPort.message(0x10000, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> ExtendedOrPort.message(-1, new byte[0]));
    }
}
