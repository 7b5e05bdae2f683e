package dev.tandem.utp.cat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Content that every peer can make by itself: the 1000 bytes number i are the SHA-256 of the text {@code chunk i}, again and
 * again. No two packets are alike, so that one missing, moved or repeated shows.
 */
final class Content {
    private static final int CHUNK_BYTES = 1000;

    private Content() {}

    static byte[] bytes(int count) {
        byte[] content = new byte[count];
        MessageDigest sha256 = digest("SHA-256");
        for (int start = 0, i = 0; start < count; start += CHUNK_BYTES, i++) {
            byte[] unit = sha256.digest(("chunk " + i).getBytes(StandardCharsets.UTF_8));
            int end = Math.min(count, start + CHUNK_BYTES);
            for (int at = start; at < end; at += unit.length) {
                System.arraycopy(unit, 0, content, at, Math.min(unit.length, end - at));
            }
        }
        return content;
    }

    static InputStream stream(int count) {
        return new ByteArrayInputStream(bytes(count));
    }

    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static String sha256(int count) {
        return hex(digest("SHA-256").digest(bytes(count)));
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
