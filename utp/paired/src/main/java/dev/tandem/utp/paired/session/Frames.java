package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;

/**
 * The frame format ({@code LINK.md}, section 6): type (1), length of the body (2), body. Types below {@code 0x80} must be
 * understood, others may be skipped.
 */
public final class Frames {
    /** Type and length. */
    public static final int HEADER_LENGTH = 3;
    /** The most bytes of one frame, header included: what one record holds. */
    public static final int MAX_FRAME = 16 * 1024;

    static final int MAX_BODY = MAX_FRAME - HEADER_LENGTH;
    /** What a DATA frame adds to its bytes: header and offset. */
    static final int DATA_OVERHEAD = HEADER_LENGTH + 8;

    static final int ACK_LENGTH = HEADER_LENGTH + 16;
    static final int END_LENGTH = HEADER_LENGTH + 8;
    static final int RESET_LENGTH = HEADER_LENGTH + 2;
    static final int PING_LENGTH = HEADER_LENGTH + 8;
    static final int PAIR_LENGTH = HEADER_LENGTH + 4;
    /** Offsets end here, so that sums of them do not overflow. */
    static final long MAX_OFFSET = (1L << 62) - 1;

    static final int PADDING = 0x00;
    static final int DATA = 0x01;
    static final int ACK = 0x02;
    static final int END = 0x03;
    static final int PING = 0x05;
    static final int PONG = 0x06;
    static final int PAIR = 0x07;
    static final int DROP = 0x08;
    /** Ends a session; in the place of WELCOME, before there is one. */
    public static final int RESET = 0x04;
    /** The client's first frame on TLS. */
    public static final int HELLO = 0x10;
    /** The server's first frame on TLS. */
    public static final int WELCOME = 0x11;
    /** The client's first frame on a TLS connection for a session that exists. */
    public static final int RESUME = 0x12;
    /** The server's answer to RESUME. */
    public static final int RESUMED = 0x13;
    /** The server's answer to a RESUME of a session that it does not have. */
    public static final int UNKNOWN_SESSION = 0x14;

    private static final int SKIPPABLE = 0x80;

    private Frames() {}

    /** Whether a number can be an offset. */
    public static boolean isOffset(long value) {
        return value >= 0 && value <= MAX_OFFSET;
    }

    /** Whether a frame of a type that is not known may be skipped. */
    static boolean isSkippable(int type) {
        return (type & SKIPPABLE) != 0;
    }

    static void writeDataHeader(ByteBuf out, long offset, int length) {
        out.writeByte(DATA).writeShort(8 + length).writeLong(offset);
    }

    static void writeAck(ByteBuf out, long next, long limit) {
        out.writeByte(ACK).writeShort(16).writeLong(next).writeLong(limit);
    }

    static void writeEnd(ByteBuf out, long finalOffset) {
        out.writeByte(END).writeShort(8).writeLong(finalOffset);
    }

    /** Appends a whole RESET. */
    public static void writeReset(ByteBuf out, int code) {
        out.writeByte(RESET).writeShort(2).writeShort(code);
    }

    static void writePing(ByteBuf out, long token) {
        out.writeByte(PING).writeShort(8).writeLong(token);
    }

    static void writePong(ByteBuf out, long token) {
        out.writeByte(PONG).writeShort(8).writeLong(token);
    }

    static void writeDrop(ByteBuf out, int attempt) {
        out.writeByte(DROP).writeShort(4).writeInt(attempt);
    }

    static void writePair(ByteBuf out, int attempt) {
        out.writeByte(PAIR).writeShort(4).writeInt(attempt);
    }
}
