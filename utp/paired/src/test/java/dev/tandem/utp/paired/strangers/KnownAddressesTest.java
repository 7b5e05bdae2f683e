package dev.tandem.utp.paired.strangers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class KnownAddressesTest {
    private final KnownAddresses known = new KnownAddresses();

    @Test
    void anAddressIsKnownAsLongAsThereIsAReason() throws Exception {
        InetAddress address = InetAddress.getByName("192.0.2.1");
        assertTrue(known.add(address));
        assertFalse(known.add(address));
        known.remove(address);
        assertTrue(known.contains(address));
        known.remove(address);
        assertFalse(known.contains(address));
        known.remove(address);
        assertEquals(0, known.size());
    }

    @Test
    void oneAddressIsOneHoweverASocketTellsIt() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        mapped[12] = (byte) 192;
        mapped[14] = 2;
        mapped[15] = 1;
        // The kind of object that a dual-stack socket may hand out.
        known.add(Inet6Address.getByAddress(null, mapped, -1));
        assertTrue(known.contains(InetAddress.getByName("192.0.2.1")));
        byte[] local = InetAddress.getByName("fe80::1").getAddress();
        known.add(Inet6Address.getByAddress(null, local, 2));
        assertTrue(known.contains(InetAddress.getByName("fe80::1")));
        assertFalse(known.contains(InetAddress.getByName("192.0.2.2")));
    }
}
