package dev.tandem.utp.paired.crypto;

import io.netty.buffer.ByteBuf;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * The records of one µTP connection, both directions ({@code LINK.md}, section 9): length (2), AES-128-GCM ciphertext, tag
 * (16). The length covers ciphertext and tag, and is authenticated; the nonce is the IV xor the record's number.
 */
public final class SealedRecords {
    public static final int HEADER_LENGTH = 2;
    public static final int TAG_LENGTH = 16;
    /** The most bytes that one record holds. */
    public static final int MAX_PLAINTEXT = 16 * 1024;
    /** What a record adds to its bytes. */
    public static final int OVERHEAD = HEADER_LENGTH + TAG_LENGTH;

    private static final String TRANSFORMATION = "AES/GCM/NoPadding";

    private final RecordKey sealing;
    private final RecordKey opening;
    // One each, reused: a new Cipher for every record costs five times as much.
    private final Cipher sealer;
    private final Cipher opener;

    public SealedRecords(RecordKey sealing, RecordKey opening) {
        this.sealing = sealing;
        this.opening = opening;
        try {
            sealer = Cipher.getInstance(TRANSFORMATION);
            opener = Cipher.getInstance(TRANSFORMATION);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-GCM", e);
        }
    }

    /** Forgets the keys; nothing can be sealed or opened after this. */
    public void destroy() {
        forget(sealing, sealer, Cipher.ENCRYPT_MODE);
        forget(opening, opener, Cipher.DECRYPT_MODE);
    }

    private static void forget(RecordKey key, Cipher cipher, int mode) {
        key.destroy();
        try {
            // A cipher holds the key that it was given last, expanded, and gives it up only for another.
            SecretKey nothing = new KeyBytes("AES", new byte[RecordKey.KEY_LENGTH]);
            cipher.init(mode, nothing, new GCMParameterSpec(8 * TAG_LENGTH, new byte[RecordKey.IV_LENGTH]));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-GCM", e);
        }
    }

    /** Whether this side's key has sealed as many records as it may. */
    public boolean isUsedUp() {
        return sealing.isUsedUp();
    }

    /**
     * Appends one record.
     *
     * @param plaintext 1 to {@link #MAX_PLAINTEXT} bytes in a heap buffer, which is read to its end
     * @param out a heap buffer with {@link #OVERHEAD} bytes more to write
     */
    public void seal(ByteBuf plaintext, ByteBuf out) throws GeneralSecurityException {
        int length = plaintext.readableBytes();
        if (length == 0 || length > MAX_PLAINTEXT) {
            throw new IllegalArgumentException("a record of " + length + " bytes");
        }
        int at = out.writerIndex();
        out.ensureWritable(length + OVERHEAD);
        out.writeShort(length + TAG_LENGTH);
        sealing.next(sealer, Cipher.ENCRYPT_MODE);
        sealer.updateAAD(out.array(), out.arrayOffset() + at, HEADER_LENGTH);
        int sealed = sealer.doFinal(
                plaintext.array(),
                plaintext.arrayOffset() + plaintext.readerIndex(),
                length,
                out.array(),
                out.arrayOffset() + at + HEADER_LENGTH);
        plaintext.skipBytes(length);
        out.writerIndex(at + HEADER_LENGTH + sealed);
    }

    /**
     * The length of ciphertext and tag that a header announces.
     *
     * @throws GeneralSecurityException if no record is so long
     */
    public static int checkLength(int header) throws GeneralSecurityException {
        if (header <= TAG_LENGTH || header > MAX_PLAINTEXT + TAG_LENGTH) {
            throw new GeneralSecurityException("a record of impossible length");
        }
        return header;
    }

    /**
     * Opens one whole record, header included, in a heap buffer, which is read to the record's end. The plaintext replaces
     * the ciphertext.
     *
     * @return the plaintext: a slice of the buffer that shares its reference count
     */
    public ByteBuf open(ByteBuf record) throws GeneralSecurityException {
        int start = record.readerIndex();
        int sealed = checkLength(record.getUnsignedShort(start));
        opening.next(opener, Cipher.DECRYPT_MODE);
        byte[] array = record.array();
        int offset = record.arrayOffset() + start;
        opener.updateAAD(array, offset, HEADER_LENGTH);
        int length = opener.doFinal(array, offset + HEADER_LENGTH, sealed, array, offset + HEADER_LENGTH);
        record.skipBytes(HEADER_LENGTH + sealed);
        return record.slice(start + HEADER_LENGTH, length);
    }

    @Override
    public String toString() {
        return "SealedRecords[redacted]";
    }
}
