package dev.tandem.utp.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes packets; what {@link Packet} reads. */
public final class PacketWriter {
    /** The longest selective acknowledgement that fits the extension's length byte in whole 32-bit words. */
    public static final int MAX_SELECTIVE_ACK_BYTES = 248;

    private static final int OFFSET_OF_FIRST_EXTENSION = 1;

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

    /** How much of a payload goes into a packet that is to be made so large by {@link #padding}, and may be up to 9 bytes less. */
    public static int paddedPayloadBytes(int payloadBytes, int packetBytes) {
        int spare = packetBytes - Packet.HEADER_BYTES - payloadBytes;
        int blocks = Math.max(0, spare + EXTENSION_BITS_BYTES - 1) / EXTENSION_BITS_BYTES;
        return packetBytes - Packet.HEADER_BYTES - blocks * EXTENSION_BITS_BYTES;
    }

    /**
     * Fills a packet whose header was just written with extension 2, empty and again and again: BEP 29 has no padding, and others
     * refuse a packet with an extension that they do not know.
     *
     * @param bytes a multiple of 10
     */
    public static void padding(ByteBuffer out, int packetStart, int bytes) {
        int previous = packetStart + OFFSET_OF_FIRST_EXTENSION;
        for (int left = bytes; left > 0; left -= EXTENSION_BITS_BYTES) {
            out.put(previous, (byte) Packet.EXTENSION_BITS);
            previous = out.position();
            out.put((byte) Packet.EXTENSION_NONE);
            out.put((byte) Long.BYTES);
            out.putLong(0);
        }
    }

    private static void beginExtension(ByteBuffer out, int packetStart, int type, int bytes) {
        out.put(packetStart + OFFSET_OF_FIRST_EXTENSION, (byte) type);
        out.put((byte) Packet.EXTENSION_NONE);
        out.put((byte) bytes);
    }
}
