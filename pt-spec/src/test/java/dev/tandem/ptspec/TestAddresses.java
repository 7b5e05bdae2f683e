package dev.tandem.ptspec;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Literal addresses that are known to be good. */
public final class TestAddresses {
    private TestAddresses() {}

    /** {@code ip:port}. */
    public static InetSocketAddress socket(String addressPort) {
        try {
            return IpAddresses.parseAddressPort(addressPort);
        } catch (PtParseException e) {
            throw new AssertionError(addressPort, e);
        }
    }

    /** An address alone, IPv6 without brackets. */
    public static InetAddress ip(String address) {
        return socket((address.indexOf(':') >= 0 ? "[" + address + "]" : address) + ":0")
                .getAddress();
    }
}
