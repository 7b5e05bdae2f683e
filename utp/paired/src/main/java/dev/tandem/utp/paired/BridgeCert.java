package dev.tandem.utp.paired;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The value of {@code cert=} in a bridge line: the SHA-256 of the server's public key (SPKI) and the bridge's secret, as
 * {@code version (1) | pin (32) | secret (32)} in unpadded base64url: 87 characters ({@code LINK.md}, section 3).
 */
public final class BridgeCert {
    /** The length of the pin: a SHA-256. */
    public static final int PIN_LENGTH = 32;
    /** The length of the bridge's secret. */
    public static final int SECRET_LENGTH = 32;

    private static final byte VERSION = 1;
    private static final int LENGTH = 1 + PIN_LENGTH + SECRET_LENGTH;

    private final byte[] pin;
    private final byte[] secret;

    BridgeCert(byte[] pin, byte[] secret) {
        if (pin.length != PIN_LENGTH || secret.length != SECRET_LENGTH) {
            throw new IllegalArgumentException("pin and secret are 32 bytes each");
        }
        this.pin = pin.clone();
        this.secret = secret.clone();
    }

    /**
     * Reads the value of {@code cert=}.
     *
     * @throws IllegalArgumentException with a single-line message that does not repeat the value
     */
    public static BridgeCert parse(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("cert= is empty");
        }
        if (value.indexOf('=') >= 0) {
            throw new IllegalArgumentException("cert= must not be padded with '='");
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cert= is not base64url");
        }
        try {
            if (bytes[0] != VERSION) {
                throw new IllegalArgumentException("cert= is of a version that this program does not know");
            }
            if (bytes.length != LENGTH) {
                throw new IllegalArgumentException(
                        "cert= holds " + bytes.length + " bytes instead of " + LENGTH + ": is it cut off?");
            }
            byte[] secret = Arrays.copyOfRange(bytes, 1 + PIN_LENGTH, LENGTH);
            BridgeCert cert = new BridgeCert(Arrays.copyOfRange(bytes, 1, 1 + PIN_LENGTH), secret);
            Arrays.fill(secret, (byte) 0);
            // Base64 has spare bits in its last character; one value shall have one spelling.
            if (!cert.encoded().equals(value)) {
                throw new IllegalArgumentException("cert= is not canonical base64url");
            }
            return cert;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** The value of {@code cert=}. It holds the bridge's secret: not for logs. */
    public String encoded() {
        byte[] bytes = new byte[LENGTH];
        bytes[0] = VERSION;
        System.arraycopy(pin, 0, bytes, 1, PIN_LENGTH);
        System.arraycopy(secret, 0, bytes, 1 + PIN_LENGTH, SECRET_LENGTH);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Arrays.fill(bytes, (byte) 0);
        return text;
    }

    /** A copy of the SHA-256 of the server's SPKI. */
    public byte[] pin() {
        return pin.clone();
    }

    /** A copy of the bridge's secret. */
    public byte[] secret() {
        return secret.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BridgeCert that
                && MessageDigest.isEqual(pin, that.pin)
                && MessageDigest.isEqual(secret, that.secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(pin);
    }

    /** Neither pin nor secret: the pin would name the bridge. */
    @Override
    public String toString() {
        return "BridgeCert[redacted]";
    }
}
