package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Packets made by hand, for tests of what a peer or a stranger might send. */
final class Packets {
    private static final int WINDOW_BYTES = 1 << 20;

    private Packets() {}

    /** A packet without extension or payload. */
    static Datagram bare(PacketType type, int id, int seqNr, int ackNr) {
        return withPayload(type, id, seqNr, ackNr, 0);
    }

    /** A packet with a payload of zeros. */
    static Datagram withPayload(PacketType type, int id, int seqNr, int ackNr, int payloadBytes) {
        ByteBuffer out = ByteBuffer.allocate(20 + payloadBytes);
        PacketWriter.header(out, type, id, 0, 0, WINDOW_BYTES, seqNr & 0xffff, ackNr & 0xffff);
        return new Datagram(out.array());
    }

    /** A STATE with a selective acknowledgement of any length, in the form that the writer would refuse to make. */
    static Datagram selectiveAck(int id, int seqNr, int ackNr, byte[] bitmap) {
        ByteBuffer out = ByteBuffer.allocate(22 + bitmap.length);
        PacketWriter.header(out, PacketType.STATE, id, 0, 0, WINDOW_BYTES, seqNr & 0xffff, ackNr & 0xffff);
        out.put(1, (byte) 1).put((byte) 0).put((byte) bitmap.length).put(bitmap);
        return new Datagram(out.array());
    }

    /** A RESET aimed at a connection, whose ack number is off by so much from the last one sent. */
    static Datagram reset(int id, Connection target, int ackOffset) {
        return bare(PacketType.RESET, id, 1, target.nextSeqNr() - 1 + ackOffset);
    }

    /** The first bytes of a datagram. */
    static Datagram cut(Datagram datagram, int bytes) {
        return new Datagram(Arrays.copyOf(datagram.bytes(), bytes));
    }
}
