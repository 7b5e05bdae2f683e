package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.wire.Packet;
import java.nio.ByteBuffer;

/** A datagram on the simulated network. */
final class Datagram {
    private final byte[] bytes;
    private final boolean mayFragment;

    Datagram(byte[] bytes) {
        this(bytes, false);
    }

    Datagram(byte[] bytes, boolean mayFragment) {
        this.bytes = bytes;
        this.mayFragment = mayFragment;
    }

    /** Whether it has no DF. */
    boolean mayFragment() {
        return mayFragment;
    }

    byte[] bytes() {
        return bytes;
    }

    int sizeBytes() {
        return bytes.length;
    }

    /** The packet in it; a test that asks knows that it is well-formed. */
    Packet packet() {
        Packet packet = new Packet();
        if (!packet.decode(ByteBuffer.wrap(bytes))) {
            throw new AssertionError("malformed packet sent");
        }
        return packet;
    }
}
