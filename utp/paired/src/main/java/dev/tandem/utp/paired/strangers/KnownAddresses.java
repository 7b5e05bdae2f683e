package dev.tandem.utp.paired.strangers;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;

/**
 * The addresses of clients, each as often as there is a reason to know it. A client's reasons are its TCP connections and
 * its sessions, and their bounds bound this table.
 */
public final class KnownAddresses {
    private final Map<InetAddress, Integer> reasons = new HashMap<>();

    /** IPv4 within IPv6 as IPv4, as TCP and UDP sockets may tell the same peer differently. */
    public static InetAddress normalised(InetAddress address) {
        try {
            return address instanceof Inet6Address ? InetAddress.getByAddress(address.getAddress()) : address;
        } catch (UnknownHostException e) {
            throw new AssertionError("sixteen bytes are an address", e);
        }
    }

    /** One reason more; returns whether the address was not known. */
    public boolean add(InetAddress address) {
        return reasons.merge(normalised(address), 1, Integer::sum) == 1;
    }

    /** One reason less. */
    public void remove(InetAddress address) {
        reasons.computeIfPresent(normalised(address), (known, count) -> count == 1 ? null : count - 1);
    }

    /** Whether there is a reason left. */
    public boolean contains(InetAddress address) {
        return reasons.containsKey(normalised(address));
    }

    /** How many there are. */
    public int size() {
        return reasons.size();
    }
}
