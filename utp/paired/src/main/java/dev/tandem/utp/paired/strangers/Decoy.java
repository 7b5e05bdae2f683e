package dev.tandem.utp.paired.strangers;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The server that strangers are connected to. It waits for them to speak first.
 *
 * @param address where it is, resolved
 * @param orPort whether it is tor's ORPort, and the strangers its peers: then nobody stands in for it, and little waits between
 *     the two, where tor could not reorder it
 * @param introduction how strangers are introduced to it; null for not at all
 */
public record Decoy(
        InetSocketAddress address, boolean orPort, @Nullable Introduction introduction) {
    /** @throws IllegalArgumentException if the address is not resolved */
    public Decoy {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("the decoy's address is not resolved");
        }
    }

    /** Any server. */
    public static Decoy server(InetSocketAddress address) {
        return new Decoy(address, false, null);
    }

    /** tor's ORPort, which sees all strangers come from this machine. */
    public static Decoy orPort(InetSocketAddress address) {
        return new Decoy(address, true, null);
    }

    /** tor's Extended ORPort, which is told where each comes from. */
    public static Decoy extendedOrPort(InetSocketAddress address, Introduction introduction) {
        return new Decoy(address, true, introduction);
    }
}
