package dev.tandem.ptspec;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes network addresses out of text that goes to a log, since a proxy's log can tell who uses a bridge, and where it is: IPv4 and IPv6 in
 * every textual form (compressed, IPv4-mapped, in brackets, with a zone, with a port, percent-encoded), and the host names that Java and Netty put
 * beside them in the texts of exceptions. Times, versions of three numbers, digests and class names stay; of what is doubtful, the address is assumed.
 */
public final class AddressScrubber {
    private static final String REPLACEMENT = "[scrubbed]";

    /** Longest text of an IPv6 address, an IPv4 tail included. */
    private static final int MAX_IPV6_LENGTH = 45;

    /** Four numbers that are not part of five, such as those of an object identifier. */
    private static final Pattern IPV4 = Pattern.compile("(?<!\\d)(?<!\\d\\.)(?:\\d{1,3}\\.){3}\\d{1,3}(?!\\.?\\d)");

    /** What may hold an IPv6 address. */
    private static final Pattern COLONS = Pattern.compile("[0-9A-Fa-f:.]*+");

    /** A digest as tools print it. Eight pairs are taken for an address all the same. */
    private static final Pattern DIGEST = Pattern.compile("(?:[0-9A-Fa-f]{2}:){8,}[0-9A-Fa-f]{2}[.:]?");

    private static final Pattern PORT = Pattern.compile(":\\d{1,5}(?!\\w)");
    private static final Pattern ZONE = Pattern.compile("%[\\w.~-]++");

    /** {@code java.net.InetSocketAddress} of a name that was not looked up, and the texts of failed look-ups. */
    private static final Pattern NAME = Pattern.compile("(?<![\\w.-])[\\w.-]++/<unresolved>(?::\\d{1,5})?"
            + "|(?<=UnknownHostException: )[\\w.-]++"
            + "|(?<![\\w.-])[\\w.-]++(?=: (?:Name or service not known|Name does not resolve|No address associated with"
            + " |Temporary failure in name resolution|nodename nor servname provided))"
            + "|(?<![\\w.-])[\\w.-]*\\.onion(?::\\d{1,5})?(?![\\w.-])");

    private AddressScrubber() {}

    /** The text with each address replaced. */
    public static String scrub(String text) {
        Decoded decoded = Decoded.of(text);
        boolean[] hidden = new boolean[decoded.text.length()];
        hideIpv6(decoded.text, hidden);
        Matcher ipv4 = IPV4.matcher(decoded.text);
        while (ipv4.find()) {
            hide(decoded.text, ipv4.start(), ipv4.end(), hidden);
        }
        Matcher name = NAME.matcher(decoded.text);
        while (name.find()) {
            Arrays.fill(hidden, name.start(), name.end(), true);
        }
        return decoded.replaced(hidden);
    }

    private static void hideIpv6(String text, boolean[] hidden) {
        Matcher run = COLONS.matcher(text);
        for (int at = 0; at < text.length(); ) {
            run.region(at, text.length());
            if (!run.lookingAt() || run.end() == at) {
                at++;
                continue;
            }
            int end = run.end();
            int colon = text.indexOf(':', at);
            // Most of what is made of these characters is a word or a number, and cheap to pass over.
            if (colon >= 0
                    && colon < end
                    && !DIGEST.matcher(text).region(at, end).matches()) {
                hideIpv6(text, at, end, hidden);
            }
            at = end;
        }
    }

    /** Looks for addresses in {@code [from, to)}, at each place the longest. */
    private static void hideIpv6(String text, int from, int to, boolean[] hidden) {
        for (int start = from; start < to; ) {
            int end = isWord(text, start - 1) ? start : longestIpv6(text, start, to);
            if (end > start) {
                hide(text, start, end, hidden);
                start = end;
            } else {
                start++;
            }
        }
    }

    private static int longestIpv6(String text, int start, int to) {
        // The least address has two colons, and most runs of these characters have not.
        int first = text.indexOf(':', start);
        int second = first < 0 ? -1 : text.indexOf(':', first + 1);
        for (int end = Math.min(to, start + MAX_IPV6_LENGTH); second >= 0 && end > second; end--) {
            if (!isWord(text, end)) {
                try {
                    IpAddresses.parseIpv6(text.substring(start, end));
                    return end;
                } catch (PtParseException e) {
                    // a shorter one, perhaps
                }
            }
        }
        return start;
    }

    /** Hides an address and what belongs to it: zone, brackets, port, and the slash and name that Java writes before. */
    private static void hide(String text, int addressStart, int addressEnd, boolean[] hidden) {
        int start = addressStart;
        int end = endOf(ZONE, text, addressEnd);
        if (start > 0 && text.charAt(start - 1) == '[' && end < text.length() && text.charAt(end) == ']') {
            start--;
            end++;
        }
        end = endOf(PORT, text, end);
        if (start > 0 && text.charAt(start - 1) == '/' && (start < 2 || text.charAt(start - 2) != '/')) {
            start--;
            while (isWord(text, start - 1) || (start > 0 && ".-".indexOf(text.charAt(start - 1)) >= 0)) {
                start--;
            }
        }
        Arrays.fill(hidden, start, end, true);
    }

    private static int endOf(Pattern pattern, String text, int at) {
        Matcher matcher = pattern.matcher(text).region(at, text.length()).useTransparentBounds(true);
        return matcher.lookingAt() ? matcher.end() : at;
    }

    private static boolean isWord(String text, int at) {
        return at >= 0 && at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_');
    }

    /**
     * A text with its percent-encoded characters decoded, and where each came from.
     *
     * @param starts the index in the source of each character, and of the end
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Decoded(String source, String text, int[] starts) {
        static Decoded of(String source) {
            StringBuilder text = new StringBuilder(source.length());
            int[] starts = new int[source.length() + 1];
            for (int at = 0; at < source.length(); ) {
                starts[text.length()] = at;
                int code = encodedAt(source, at);
                text.append(code < 0 ? source.charAt(at) : (char) code);
                at += code < 0 ? 1 : 3;
            }
            starts[text.length()] = source.length();
            return new Decoded(source, text.toString(), starts);
        }

        /** The printable character that is encoded there; -1 if there is none. */
        private static int encodedAt(String source, int at) {
            if (source.charAt(at) != '%' || at + 2 >= source.length()) {
                return -1;
            }
            int high = Character.digit(source.charAt(at + 1), 16);
            int low = Character.digit(source.charAt(at + 2), 16);
            int code = 16 * high + low;
            return high >= 0 && low >= 0 && code >= ' ' && code < 0x7f ? code : -1;
        }

        String replaced(boolean[] hidden) {
            StringBuilder out = new StringBuilder(source.length());
            for (int i = 0; i < hidden.length; i++) {
                if (!hidden[i]) {
                    out.append(source, starts[i], starts[i + 1]);
                } else if (i == 0 || !hidden[i - 1]) {
                    out.append(REPLACEMENT);
                }
            }
            return out.toString();
        }
    }
}
