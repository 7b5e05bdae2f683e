package dev.tandem.ptspec;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** The quoted strings of {@code LOG} and {@code STATUS} messages, as tor's {@code kvline} reads them. */
final class CString {
    private static final Pattern BARE = Pattern.compile("[A-Za-z0-9_.:/+-]+");

    private CString() {}

    /**
     * In quotes; everything but printable ASCII as the three octal digits of its UTF-8 bytes. Three digits, because fewer would swallow a digit
     * that follows. A NUL, which tor cannot hold in a string, becomes a space.
     */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (byte b : text.replace('\0', ' ').getBytes(StandardCharsets.UTF_8)) {
            if (b == '"' || b == '\\') {
                quoted.append('\\').append((char) b);
            } else if (b >= ' ' && b < 0x7f) {
                quoted.append((char) b);
            } else {
                quoted.append('\\')
                        .append((char) ('0' + ((b >> 6) & 3)))
                        .append((char) ('0' + ((b >> 3) & 7)))
                        .append((char) ('0' + (b & 7)));
            }
        }
        return quoted.append('"').toString();
    }

    /** As it is where it is a plain word. */
    static String quoteIfNeeded(String text) {
        return BARE.matcher(text).matches() ? text : quote(text);
    }
}
