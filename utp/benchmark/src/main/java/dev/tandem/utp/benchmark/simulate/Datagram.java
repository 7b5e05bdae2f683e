package dev.tandem.utp.benchmark.simulate;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A UDP datagram under way.
 *
 * @param payload all of its buffer; whoever receives it reads it, once
 */
record Datagram(InetSocketAddress from, InetSocketAddress to, ByteBuffer payload, boolean mayFragment) {
    /** Bytes of UDP payload. */
    int sizeBytes() {
        return payload.capacity();
    }
}
