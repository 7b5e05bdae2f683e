package dev.tandem.utp.paired.memory;

import dev.tandem.utp.paired.crypto.Hkdf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A bridge as seen from one network: the bridge's address and port, and the address that this machine has on the way to it,
 * of which an IPv6 one counts by its network of 64 bits, since the rest changes daily.
 */
public final class Place {
    private static final byte[] LABEL = "tandem 1 place".getBytes(StandardCharsets.US_ASCII);
    private static final int IPV6_NETWORK_BYTES = 8;

    private final byte[] description;

    private Place(byte[] description) {
        this.description = description;
    }

    /**
     * The place of a bridge.
     *
     * @param bridge resolved
     * @param local this machine's address on the way there
     */
    public static Place of(InetSocketAddress bridge, InetAddress local) {
        byte[] remote = bridge.getAddress().getAddress();
        byte[] here = local.getAddress();
        int hereBytes = Math.min(here.length, IPV6_NETWORK_BYTES);
        // The lengths tell the families apart.
        return new Place(ByteBuffer.allocate(2 + remote.length + Character.BYTES + hereBytes)
                .put((byte) remote.length)
                .put(remote)
                .putChar((char) bridge.getPort())
                .put((byte) hereBytes)
                .put(here, 0, hereBytes)
                .array());
    }

    /**
     * 16 bits by which a memory knows the place. So few on purpose: each fits 65,536 IPv4 addresses, so that who has the
     * memory, its key and the bridge's address cannot tell where its owner was.
     */
    int id(byte[] key) {
        return ByteBuffer.wrap(Hkdf.hmac(key, LABEL, description)).getChar();
    }

    /** No address. */
    @Override
    public String toString() {
        return "Place";
    }
}
