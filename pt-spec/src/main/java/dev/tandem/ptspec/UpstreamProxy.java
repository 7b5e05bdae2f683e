package dev.tandem.ptspec;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The proxy that every outgoing connection of a client must take ({@code TOR_PT_PROXY}, pt-spec 3.2.2). Fail closed: with one set, nothing
 * may go out directly.
 *
 * @param type what the proxy speaks
 * @param address a literal address with a port from 1 to 65535
 * @param user the user name; never empty
 * @param password the password; only ever present with a user name
 */
public record UpstreamProxy(Type type, InetSocketAddress address, Optional<String> user, Optional<String> password) {
    /** RFC 1929 has one byte for the length. */
    private static final int MAX_SOCKS5_CREDENTIAL_BYTES = 255;

    /** What a proxy speaks. */
    public enum Type {
        /** SOCKS 4a: takes a user name, but no password. */
        SOCKS4A("socks4a"),
        /** SOCKS 5 (RFC 1928), with user name and password (RFC 1929) or without either. */
        SOCKS5("socks5"),
        /** HTTP CONNECT, with basic authentication or without. */
        HTTP("http");

        private final String scheme;

        Type(String scheme) {
            this.scheme = scheme;
        }

        /** The scheme in the URI. */
        public String scheme() {
            return scheme;
        }
    }

    /**
     * Parses {@code type://[user[:password]@]ip:port}.
     *
     * <p>pt-spec calls it a URI, but tor (0.4.9.11, tried) pastes the torrc's user name and password in as they are. So the user info ends at
     * the <em>last</em> {@code @}, and it is percent-decoded only if every {@code %} in it starts a valid escape.
     *
     * @throws PtParseException if the scheme is unknown, the address is not a literal one, or the credentials do not fit the type
     */
    public static UpstreamProxy parse(String uri) throws PtParseException {
        Type type = null;
        for (Type candidate : Type.values()) {
            String prefix = candidate.scheme + "://";
            if (uri.regionMatches(true, 0, prefix, 0, prefix.length())) {
                type = candidate;
            }
        }
        if (type == null) {
            throw new PtParseException("the upstream proxy must be socks4a://, socks5:// or http://");
        }
        String rest = uri.substring(type.scheme.length() + 3);
        int at = rest.lastIndexOf('@');
        InetSocketAddress address;
        try {
            String authority = rest.substring(at + 1);
            address = IpAddresses.parseAddressPort(
                    authority.endsWith("/") ? authority.substring(0, authority.length() - 1) : authority);
        } catch (PtParseException e) {
            throw new PtParseException("the upstream proxy's address: " + e.getMessage());
        }
        if (address.getPort() == 0) {
            throw new PtParseException("the upstream proxy's port is 0");
        }
        if (at < 0) {
            return new UpstreamProxy(type, address, Optional.empty(), Optional.empty());
        }
        return withUserInfo(type, address, rest.substring(0, at));
    }

    /** Without user name and password. */
    @Override
    public String toString() {
        return "UpstreamProxy[" + type.scheme + (user.isPresent() ? ", with credentials]" : "]");
    }

    private static UpstreamProxy withUserInfo(Type type, InetSocketAddress address, String userInfo)
            throws PtParseException {
        boolean escaped = isPercentEncoded(userInfo);
        int colon = userInfo.indexOf(':');
        String user = colon < 0 ? userInfo : userInfo.substring(0, colon);
        Optional<String> password = colon < 0 ? Optional.empty() : Optional.of(userInfo.substring(colon + 1));
        if (escaped) {
            user = percentDecode(user);
            if (password.isPresent()) {
                password = Optional.of(percentDecode(password.get()));
            }
        }
        if (user.isEmpty()) {
            throw new PtParseException("the upstream proxy's user name is empty");
        }
        if (user.indexOf('\0') >= 0 || password.orElse("").indexOf('\0') >= 0) {
            throw new PtParseException("the upstream proxy's credentials hold a NUL");
        }
        if (type == Type.SOCKS4A && password.isPresent()) {
            throw new PtParseException("a SOCKS 4a upstream proxy takes no password");
        }
        if (type == Type.HTTP && user.indexOf(':') >= 0) {
            // RFC 7617 2: the first colon would end the user name.
            throw new PtParseException("the user name of an HTTP upstream proxy holds a colon");
        }
        if (type == Type.SOCKS5 && (!fitsSocks5(user) || !fitsSocks5(password.orElse("")))) {
            throw new PtParseException("a SOCKS 5 upstream proxy needs a user name and a password of 1 to 255 bytes");
        }
        return new UpstreamProxy(type, address, Optional.of(user), password);
    }

    private static boolean fitsSocks5(String credential) {
        int length = credential.getBytes(StandardCharsets.UTF_8).length;
        return length >= 1 && length <= MAX_SOCKS5_CREDENTIAL_BYTES;
    }

    private static boolean isPercentEncoded(String text) {
        for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
            if (i + 2 >= text.length() || hexDigit(text.charAt(i + 1)) < 0 || hexDigit(text.charAt(i + 2)) < 0) {
                return false;
            }
        }
        return true;
    }

    private static String percentDecode(String text) throws PtParseException {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] == '%') {
                decoded.write((hexDigit((char) encoded[i + 1]) << 4) | hexDigit((char) encoded[i + 2]));
                i += 2;
            } else {
                decoded.write(encoded[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decoded.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new PtParseException("the upstream proxy's credentials are not UTF-8");
        }
    }

    private static int hexDigit(char c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }
}
