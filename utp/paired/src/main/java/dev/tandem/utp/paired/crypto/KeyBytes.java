package dev.tandem.utp.paired.crypto;

import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/** A key that can be forgotten, which the JDK's own {@code SecretKeySpec} cannot. */
final class KeyBytes implements SecretKey {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String algorithm;
    private final transient byte[] bytes;
    private transient boolean destroyed;

    /** Takes over the array. */
    KeyBytes(String algorithm, byte[] bytes) {
        this.algorithm = algorithm;
        this.bytes = bytes;
    }

    @Override
    public String getAlgorithm() {
        return algorithm;
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    /** A copy, which the JDK's ciphers and MACs zero when they have used it. */
    @Override
    public byte[] getEncoded() {
        if (destroyed) {
            // Zeros would be a key that everybody knows.
            throw new IllegalStateException("the key is destroyed");
        }
        return bytes.clone();
    }

    @Override
    public void destroy() {
        destroyed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public boolean isDestroyed() {
        return destroyed;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KeyBytes that
                && algorithm.equals(that.algorithm)
                && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return algorithm.hashCode();
    }

    @Override
    public String toString() {
        return "KeyBytes[redacted]";
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("keys are not serialized");
    }
}
