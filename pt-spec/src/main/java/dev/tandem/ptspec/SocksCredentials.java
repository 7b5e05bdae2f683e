package dev.tandem.ptspec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Finds the arguments of a transport in the user name and password of a SOCKS5 request (pt-spec 3.5, RFC 1929). */
public final class SocksCredentials {
    private SocksCredentials() {}

    /**
     * The arguments in {@code userName} followed by {@code password}, each 1 to 255 bytes long. A password of one NUL only fills the field that
     * RFC 1929 wants, and does not count.
     *
     * <p>Joined before they are decoded: the border may fall within a character.
     *
     * @throws PtParseException if they are not UTF-8 or not well-formed arguments
     */
    public static TransportArgs parse(byte[] userName, byte[] password) throws PtParseException {
        byte[] joined = userName;
        if (password.length != 1 || password[0] != 0) {
            joined = Arrays.copyOf(userName, userName.length + password.length);
            System.arraycopy(password, 0, joined, userName.length, password.length);
        }
        try {
            return TransportArgs.parseSocks(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(joined))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new PtParseException("arguments are not UTF-8");
        }
    }
}
