package dev.tandem.utp.paired.crypto;

import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/** The key and IV of one direction of one µTP connection, with the counter that makes each nonce unique. */
public final class RecordKey {
    static final int KEY_LENGTH = 16;
    static final int IV_LENGTH = 12;
    /**
     * Records under one key. Far below the bounds of AES-GCM (RFC 8446 5.5 allows 2^24.5 full ones); behind it comes a new
     * pairing.
     */
    static final long MAX_RECORDS = 1L << 24;

    private final KeyBytes key;
    private final byte[] iv;
    private long counter;

    /** Takes the key and the IV, one behind the other, and zeroes the array. */
    RecordKey(byte[] material) {
        key = new KeyBytes("AES", Arrays.copyOf(material, KEY_LENGTH));
        iv = Arrays.copyOfRange(material, KEY_LENGTH, KEY_LENGTH + IV_LENGTH);
        Arrays.fill(material, (byte) 0);
    }

    /** Makes a cipher ready for the next record. */
    void next(Cipher cipher, int mode) throws GeneralSecurityException {
        if (isUsedUp() || key.isDestroyed()) {
            throw new GeneralSecurityException("the key is used up");
        }
        byte[] nonce = iv.clone();
        for (int i = 0; i < 8; i++) {
            nonce[IV_LENGTH - 1 - i] ^= (byte) (counter >>> (8 * i));
        }
        counter++;
        AlgorithmParameterSpec parameters = new GCMParameterSpec(8 * SealedRecords.TAG_LENGTH, nonce);
        cipher.init(mode, key, parameters);
    }

    /** Forgets the key; no cipher can be made ready any more. */
    void destroy() {
        key.destroy();
        Arrays.fill(iv, (byte) 0);
    }

    boolean isUsedUp() {
        return counter >= MAX_RECORDS;
    }

    @Override
    public String toString() {
        return "RecordKey[redacted]";
    }
}
