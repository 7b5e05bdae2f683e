package dev.tandem.utp.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * One received packet, decoded in place (BEP 29, "header format"). An endpoint has one of these and decodes each
 * datagram into it, so it is valid only until the next one; the payload is not copied.
 */
public final class Packet {
    /** Bytes of the fixed header. */
    public static final int HEADER_BYTES = 20;

    static final int VERSION = 1;
    static final int EXTENSION_NONE = 0;
    static final int EXTENSION_SELECTIVE_ACK = 1;
    static final int EXTENSION_BITS = 2;

    private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

    private ByteBuffer datagram = NO_BYTES;
    private @Nullable PacketType type;
    private int sizeBytes;
    private int connectionId;
    private int timestampMicros;
    private int timestampDifferenceMicros;
    private long wndSize;
    private int seqNr;
    private int ackNr;
    private int selectiveAckOffset;
    private int selectiveAckBytes;
    private long extensionBits;

    /**
     * Decodes the datagram's remaining bytes. Afterwards the buffer's position is at the payload.
     *
     * @return false if it is not a well-formed packet of version 1; then this object holds nothing of use
     */
    public boolean decode(ByteBuffer buffer) {
        buffer.order(ByteOrder.BIG_ENDIAN);
        if (buffer.remaining() < HEADER_BYTES) {
            return false;
        }
        int start = buffer.position();
        int typeAndVersion = buffer.get(start) & 0xff;
        type = PacketType.ofValue(typeAndVersion >>> 4);
        if (type == null || (typeAndVersion & 0x0f) != VERSION) {
            return false;
        }
        connectionId = buffer.getShort(start + 2) & 0xffff;
        timestampMicros = buffer.getInt(start + 4);
        timestampDifferenceMicros = buffer.getInt(start + 8);
        wndSize = buffer.getInt(start + 12) & 0xffffffffL;
        seqNr = buffer.getShort(start + 16) & 0xffff;
        ackNr = buffer.getShort(start + 18) & 0xffff;
        selectiveAckBytes = 0;
        extensionBits = 0;
        sizeBytes = buffer.remaining();
        datagram = buffer;
        return decodeExtensions(start + HEADER_BYTES, buffer.get(start + 1) & 0xff);
    }

    /** Walks the chain of extensions; unknown ones are skipped (BEP 29, "extension"). */
    private boolean decodeExtensions(int offset, int firstExtension) {
        int extension = firstExtension;
        int at = offset;
        while (extension != EXTENSION_NONE) {
            if (datagram.limit() - at < 2) {
                return false;
            }
            int next = datagram.get(at) & 0xff;
            int length = datagram.get(at + 1) & 0xff;
            at += 2;
            if (datagram.limit() - at < length) {
                return false;
            }
            if (extension == EXTENSION_SELECTIVE_ACK) {
                selectiveAckOffset = at;
                selectiveAckBytes = length;
            } else if (extension == EXTENSION_BITS && length == Long.BYTES) {
                extensionBits = datagram.getLong(at);
            }
            at += length;
            extension = next;
        }
        datagram.position(at);
        return true;
    }

    /** The packet's type. */
    public PacketType type() {
        if (type == null) {
            throw new IllegalStateException("no packet decoded");
        }
        return type;
    }

    /** Bytes of the whole packet. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** The connection id, 0 to 65,535. */
    public int connectionId() {
        return connectionId;
    }

    /** The sender's clock in µs, of which only the low 32 bits are known. */
    public int timestampMicros() {
        return timestampMicros;
    }

    /** The one-way delay that the sender last measured of our packets, in µs of unrelated clocks; 32 bits. */
    public int timestampDifferenceMicros() {
        return timestampDifferenceMicros;
    }

    /** The window that the sender advertises, in bytes. */
    public long wndSize() {
        return wndSize;
    }

    /** The packet's sequence number, 0 to 65,535. */
    public int seqNr() {
        return seqNr;
    }

    /** The last sequence number that the sender received in order, 0 to 65,535. */
    public int ackNr() {
        return ackNr;
    }

    /** How many packets the selective acknowledgement speaks of, beginning with {@code ackNr + 2}; 0 if there is none. */
    public int selectiveAckBits() {
        return selectiveAckBytes * 8;
    }

    /**
     * Eight packets of the selective acknowledgement at once.
     *
     * @param index 0 up to {@link #selectiveAckBits()} / 8 - 1; bit n of the answer is packet {@code ackNr + 2 + 8 * index + n}
     */
    public int selectiveAckByte(int index) {
        return datagram.get(selectiveAckOffset + index) & 0xff;
    }

    /** The 8 bytes of extension 2, or 0 if there is none. */
    public long extensionBits() {
        return extensionBits;
    }

    /** The payload: the remaining bytes of the datagram itself. */
    public ByteBuffer payload() {
        return datagram;
    }
}
