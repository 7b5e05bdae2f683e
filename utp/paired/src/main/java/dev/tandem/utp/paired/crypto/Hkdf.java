package dev.tandem.utp.paired.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/** HKDF with SHA-256, RFC 5869. */
public final class Hkdf {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int HASH_LENGTH = 32;

    private Hkdf() {}

    /** RFC 5869 2.2. An empty salt stands for 32 zero bytes. */
    public static byte[] extract(byte[] salt, byte[] keyMaterial) {
        return hmac(salt.length == 0 ? new byte[HASH_LENGTH] : salt, keyMaterial);
    }

    /**
     * RFC 5869 2.3.
     *
     * @param length at most 255 times 32
     */
    public static byte[] expand(byte[] pseudoRandomKey, byte[] info, int length) {
        if (length > 255 * HASH_LENGTH) {
            throw new IllegalArgumentException("HKDF gives at most 8160 bytes");
        }
        Mac mac = mac(pseudoRandomKey);
        byte[] out = new byte[length];
        byte[] block = new byte[0];
        for (int at = 0, counter = 1; at < length; counter++) {
            mac.update(block);
            mac.update(info);
            mac.update((byte) counter);
            Arrays.fill(block, (byte) 0);
            block = mac.doFinal();
            int step = Math.min(HASH_LENGTH, length - at);
            System.arraycopy(block, 0, out, at, step);
            at += step;
        }
        Arrays.fill(block, (byte) 0);
        return out;
    }

    /** HMAC-SHA256 over the parts, one behind the other. */
    public static byte[] hmac(byte[] key, byte[]... parts) {
        Mac mac = mac(key);
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            KeyBytes copy = new KeyBytes(ALGORITHM, key.clone());
            mac.init(copy);
            copy.destroy();
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }
}
