package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressGroupTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "255.255.255.255, 255.255.255.255, true",
        "2001:db8:1:2::1, 2001:db8:1:2:ffff:ffff:ffff:ffff, true",
        "2001:db8:1:2::1, 2001:db8:1:3::1, false",
        "64:ff9b::192.0.2.1, 192.0.2.1, true",
        "64:ff9b::192.0.2.1, 64:ff9b::192.0.2.2, false",
        "::1, 0.0.0.1, false",
    })
    void countsAsOneWhatOneHostHas(String one, String other, boolean same) throws Exception {
        assertEquals(same, group(one).equals(group(other)));
    }

    private static AddressGroup group(String literal) throws UnknownHostException {
        return AddressGroup.of(InetAddress.getByName(literal));
    }

    @Test
    void aMappedAddressIsTheOneThatItMaps() throws Exception {
        byte[] bytes = new byte[16];
        bytes[10] = (byte) 0xff;
        bytes[11] = (byte) 0xff;
        bytes[12] = (byte) 192;
        bytes[14] = 2;
        bytes[15] = 1;
        // Java makes an IPv4 address of it everywhere but here.
        InetAddress mapped = Inet6Address.getByAddress(null, bytes, 0);
        assertEquals(16, mapped.getAddress().length);
        assertEquals(group("192.0.2.1"), AddressGroup.of(mapped));
        assertFalse(AddressGroup.of(mapped).toString().contains("192"));
    }
}
