package dev.tandem.utp.paired.crypto;

import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** By which a client names a session that it resumes. Unguessable, reveals no key, and proves nothing. */
public final class SessionId {
    public static final int LENGTH = 16;

    private final byte[] bytes;

    /** Takes over the array. */
    public SessionId(byte[] bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("a session identifier has 16 bytes");
        }
        this.bytes = bytes;
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SessionId that && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        // Identifiers of sessions are uniformly random, and no others are put into a table.
        return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff);
    }

    @Override
    public String toString() {
        return "SessionId[redacted]";
    }
}
