package dev.tandem.ptspec;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secret behind {@code SAFE_COOKIE}, by which a server transport and tor recognise each other on the Extended ORPort (ext-orport-spec
 * 2.1). tor makes a new one whenever it starts, so read it again for every connection.
 */
public final class SafeCookie {
    /** Length of either side's nonce. */
    public static final int NONCE_BYTES = 32;

    /** Length of either side's hash. */
    public static final int HASH_BYTES = 32;

    private static final byte[] HEADER = "! Extended ORPort Auth Cookie !\n".getBytes(StandardCharsets.US_ASCII);
    private static final int COOKIE_BYTES = 32;
    private static final byte[] SERVER_TO_CLIENT =
            "ExtORPort authentication server-to-client hash".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CLIENT_TO_SERVER =
            "ExtORPort authentication client-to-server hash".getBytes(StandardCharsets.US_ASCII);

    private final byte[] cookie;

    private SafeCookie(byte[] cookie) {
        this.cookie = cookie;
    }

    /**
     * Reads a cookie file (ext-orport-spec 2.1.2): 64 bytes, a fixed header and the cookie.
     *
     * @throws IOException if it is missing, cannot be read, or is not such a file; the message is one line and says which
     */
    public static SafeCookie read(Path file) throws IOException {
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(HEADER.length + COOKIE_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new IOException("the Extended ORPort cookie file is missing", e);
        } catch (AccessDeniedException e) {
            throw new IOException("the Extended ORPort cookie file may not be read", e);
        } catch (IOException e) {
            throw new IOException("the Extended ORPort cookie file cannot be read", e);
        }
        return parse(content);
    }

    /**
     * Takes the cookie out of a cookie file's content.
     *
     * @throws IOException if it is not 64 bytes long or does not begin with the header
     */
    public static SafeCookie parse(byte[] content) throws IOException {
        if (content.length != HEADER.length + COOKIE_BYTES) {
            throw new IOException("the Extended ORPort cookie file is not 64 bytes long");
        }
        if (!Arrays.equals(HEADER, 0, HEADER.length, content, 0, HEADER.length)) {
            throw new IOException("the Extended ORPort cookie file has a wrong header");
        }
        return new SafeCookie(Arrays.copyOfRange(content, HEADER.length, content.length));
    }

    /** What tor must send to prove that it knows the cookie (ext-orport-spec 2.1.3). */
    public byte[] serverHash(byte[] clientNonce, byte[] serverNonce) {
        return hash(SERVER_TO_CLIENT, clientNonce, serverNonce);
    }

    /** What we send to prove that we know the cookie (ext-orport-spec 2.1.3). */
    public byte[] clientHash(byte[] clientNonce, byte[] serverNonce) {
        return hash(CLIENT_TO_SERVER, clientNonce, serverNonce);
    }

    /** Whether {@code hash} is the {@link #serverHash}; takes the same time whatever it is. */
    public boolean verifyServerHash(byte[] hash, byte[] clientNonce, byte[] serverNonce) {
        return MessageDigest.isEqual(hash, serverHash(clientNonce, serverNonce));
    }

    /** Without the cookie. */
    @Override
    public String toString() {
        return "SafeCookie";
    }

    private byte[] hash(byte[] label, byte[] clientNonce, byte[] serverNonce) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(cookie, "HmacSHA256"));
            mac.update(label);
            mac.update(clientNonce);
            return mac.doFinal(serverNonce);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java platform has HmacSHA256", e);
        }
    }
}
