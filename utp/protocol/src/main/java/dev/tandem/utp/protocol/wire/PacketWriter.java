package dev.tandem.utp.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes packets; what {@link Packet} reads. */
public final class PacketWriter {
    /** The longest selective acknowledgement that fits the extension's length byte in whole 32-bit words. */
    public static final int MAX_SELECTIVE_ACK_BYTES = 248;

    private static final int OFFSET_OF_FIRST_EXTENSION = 1;

    /** Of padding, for which BEP 29 has no name: unknown ones are skipped, but by libutp only behind one that it knows. */
    private static final int EXTENSION_PADDING = 0x50;

    private static final int EXTENSION_HEADER_BYTES = 2;
    private static final int EXTENSION_BITS_BYTES = EXTENSION_HEADER_BYTES + Long.BYTES;

    private PacketWriter() {}

    /** Writes the fixed header at the buffer's position; {@code wndSize} is capped at 32 bits. */
    public static void header(
            ByteBuffer out,
            PacketType type,
            int connectionId,
            int timestampMicros,
            int timestampDifferenceMicros,
            long wndSize,
            int seqNr,
            int ackNr) {
        out.order(ByteOrder.BIG_ENDIAN);
        out.put((byte) (type.value() << 4 | Packet.VERSION));
        out.put((byte) Packet.EXTENSION_NONE);
        out.putShort((short) connectionId);
        out.putInt(timestampMicros);
        out.putInt(timestampDifferenceMicros);
        out.putInt((int) Math.min(wndSize, 0xffffffffL));
        out.putShort((short) seqNr);
        out.putShort((short) ackNr);
    }

    /**
     * Writes extension 2 as the first one, behind a header that was just written.
     *
     * @param packetStart the position of that header
     */
    public static void extensionBits(ByteBuffer out, int packetStart, long bits) {
        beginExtension(out, packetStart, Packet.EXTENSION_BITS, Long.BYTES);
        out.putLong(bits);
    }

    /**
     * Writes a selective acknowledgement as the first extension, behind a header that was just written.
     *
     * @param bitmap least significant bit of byte 0 first: packet {@code ack_nr + 2}
     * @param bytes 4 to 248, a multiple of 4 (BEP 29, "selective ACK")
     */
    public static void selectiveAck(ByteBuffer out, int packetStart, byte[] bitmap, int bytes) {
        if (bytes < 4 || bytes > MAX_SELECTIVE_ACK_BYTES || bytes % 4 != 0) {
            throw new IllegalArgumentException("selective ack of " + bytes + " bytes");
        }
        beginExtension(out, packetStart, Packet.EXTENSION_SELECTIVE_ACK, bytes);
        out.put(bitmap, 0, bytes);
    }

    /** How much of a payload fits a packet that {@link #padding} makes this large. */
    public static int paddedPayloadBytes(int payloadBytes, int packetBytes) {
        int padding = packetBytes - Packet.HEADER_BYTES - payloadBytes;
        if (padding < EXTENSION_BITS_BYTES) {
            return packetBytes - Packet.HEADER_BYTES - EXTENSION_BITS_BYTES;
        }
        // One byte more than the first extension is too few for a second one.
        return padding == EXTENSION_BITS_BYTES + 1 ? payloadBytes - 1 : payloadBytes;
    }

    /**
     * Writes so many bytes of padding behind a header that was just written: extension 2 with nothing in it, and one behind
     * it that nobody knows.
     *
     * @param bytes 10, or 12 to 267
     */
    public static void padding(ByteBuffer out, int packetStart, int bytes) {
        int rest = bytes - EXTENSION_BITS_BYTES - EXTENSION_HEADER_BYTES;
        beginExtension(out, packetStart, Packet.EXTENSION_BITS, Long.BYTES);
        out.putLong(0);
        if (rest >= 0) {
            out.put(packetStart + Packet.HEADER_BYTES, (byte) EXTENSION_PADDING);
            out.put((byte) Packet.EXTENSION_NONE);
            out.put((byte) rest);
            for (int i = 0; i < rest; i++) {
                out.put((byte) 0);
            }
        }
    }

    private static void beginExtension(ByteBuffer out, int packetStart, int type, int bytes) {
        out.put(packetStart + OFFSET_OF_FIRST_EXTENSION, (byte) type);
        out.put((byte) Packet.EXTENSION_NONE);
        out.put((byte) bytes);
    }
}
