package dev.tandem.utp.paired.crypto;

import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** The first 48 bytes of a µTP connection, which match it to a session. Used once; reveals no key. */
public final class PairingId {
    public static final int LENGTH = 48;

    private final byte[] bytes;

    /** Takes over the array. */
    public PairingId(byte[] bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("a pairing identifier has 48 bytes");
        }
        this.bytes = bytes;
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PairingId that && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        // Identifiers of sessions are uniformly random; those that strangers choose are bounded in number.
        return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff);
    }

    @Override
    public String toString() {
        return "PairingId[redacted]";
    }
}
