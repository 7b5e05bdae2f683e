package dev.tandem.utp.benchmark.simulate;

import java.net.InetSocketAddress;

/** A UDP datagram under way; the bytes are not changed any more. */
record Datagram(InetSocketAddress from, InetSocketAddress to, byte[] bytes, boolean mayFragment) {
    /** Bytes of UDP payload. */
    int sizeBytes() {
        return bytes.length;
    }
}
