package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.TransportArgs;
import java.net.InetSocketAddress;

/**
 * What tor asks of a client transport.
 *
 * @param target the bridge's literal address, port 1 to 65535
 * @param args the arguments of its bridge line; empty if there were none
 */
public record SocksRequest(InetSocketAddress target, TransportArgs args) {
    /** Without address and values. */
    @Override
    public String toString() {
        return "SocksRequest[" + args + "]";
    }
}
