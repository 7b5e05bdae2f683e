package dev.tandem.utp.paired.strangers;

import io.netty.buffer.ByteBuf;
import java.security.MessageDigest;
import java.time.InstantSource;

/** Tells by the first bytes of a TCP connection whether a client of ours has opened it. Not safe for several threads. */
final class MarkerCheck {
    /** Where it can be told at the latest: the end of the session id in a ClientHello. */
    static final int PREFIX_LENGTH = 76;

    private static final int RANDOM_AT = 11;
    private static final int SESSION_ID_LENGTH_AT = 43;
    private static final int SESSION_ID_AT = 44;

    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int TLS_1_2 = 0x0303;
    private static final int RECORD_HEADER_LENGTH = 5;
    private static final int HANDSHAKE_HEADER_LENGTH = 4;
    private static final int MAX_RECORD = 16_384;

    /** Who it is. */
    enum Verdict {
        /** Too few bytes to tell. */
        UNDECIDED,
        CLIENT,
        STRANGER,
        /** The marker is good, and came before. */
        REPLAY
    }

    private final byte[] secret;
    private final InstantSource clock;
    private final MarkerMemory memory;

    MarkerCheck(byte[] secret, InstantSource clock, MarkerMemory memory) {
        this.secret = secret.clone();
        this.clock = clock;
        this.memory = memory;
    }

    /**
     * Looks at the bytes so far, without taking any. Ask anew with more bytes only as long as it is undecided: a marker is
     * remembered as soon as it is found good.
     */
    Verdict check(ByteBuf bytes) {
        if (!mayBeClientHello(bytes)) {
            return Verdict.STRANGER;
        }
        if (bytes.readableBytes() < PREFIX_LENGTH) {
            return Verdict.UNDECIDED;
        }
        byte[] random = new byte[Marker.LENGTH];
        byte[] marker = new byte[Marker.LENGTH];
        bytes.getBytes(bytes.readerIndex() + RANDOM_AT, random);
        bytes.getBytes(bytes.readerIndex() + SESSION_ID_AT, marker);
        int hour = Marker.hour(clock.instant());
        // All three, whatever the first says: the time taken shall not depend on the answer.
        boolean good = isMarker(marker, random, hour - 1);
        good |= isMarker(marker, random, hour);
        good |= isMarker(marker, random, hour + 1);
        if (!good) {
            return Verdict.STRANGER;
        }
        return memory.add(marker, hour) ? Verdict.CLIENT : Verdict.REPLAY;
    }

    private boolean isMarker(byte[] marker, byte[] random, int hour) {
        return MessageDigest.isEqual(marker, Marker.make(secret, random, hour));
    }

    /** Whether these are the first bytes of a ClientHello that is alone in its record and has a session id of 32 bytes. */
    private static boolean mayBeClientHello(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int have = bytes.readableBytes();
        if (have > 0 && bytes.getUnsignedByte(at) != HANDSHAKE) {
            return false;
        }
        if (have > 1 && bytes.getUnsignedByte(at + 1) != 3) {
            return false;
        }
        // 0x0301 or 0x0303, RFC 8446, 5.1.
        if (have > 2 && (bytes.getUnsignedByte(at + 2) & ~2) != 1) {
            return false;
        }
        if (have < RECORD_HEADER_LENGTH) {
            return true;
        }
        int recordLength = bytes.getUnsignedShort(at + 3);
        if (recordLength < PREFIX_LENGTH - RECORD_HEADER_LENGTH || recordLength > MAX_RECORD) {
            return false;
        }
        if (have > RECORD_HEADER_LENGTH && bytes.getUnsignedByte(at + RECORD_HEADER_LENGTH) != CLIENT_HELLO) {
            return false;
        }
        if (have >= RECORD_HEADER_LENGTH + HANDSHAKE_HEADER_LENGTH
                && bytes.getUnsignedMedium(at + RECORD_HEADER_LENGTH + 1) != recordLength - HANDSHAKE_HEADER_LENGTH) {
            return false;
        }
        if (have >= RANDOM_AT && bytes.getUnsignedShort(at + RANDOM_AT - 2) != TLS_1_2) {
            return false;
        }
        return have <= SESSION_ID_LENGTH_AT || bytes.getUnsignedByte(at + SESSION_ID_LENGTH_AT) == Marker.LENGTH;
    }

    @Override
    public String toString() {
        return "MarkerCheck[redacted]";
    }
}
