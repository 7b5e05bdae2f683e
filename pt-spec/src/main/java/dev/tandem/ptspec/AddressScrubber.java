package dev.tandem.ptspec;

import java.util.regex.Pattern;

/**
 * Takes network addresses out of text that goes to a log, since a proxy's log can tell who uses a bridge, and where it is:
 * IPv4, IPv6 (bracketed, with a zone, IPv4-mapped), with or without a port.
 */
public final class AddressScrubber {
    private static final String REPLACEMENT = "[scrubbed]";

    private static final String IPV4 = "(?:\\d{1,3}\\.){3}\\d{1,3}";

    /** At least two colons, which neither a time of day nor a port has; an IPv4 tail for mapped addresses. */
    private static final String IPV6 = "(?:[0-9A-Fa-f]{0,4}:){2,7}(?:" + IPV4 + "|[0-9A-Fa-f]{1,4})?(?:%[\\w.]+)?";

    /** Not inside a longer word or number, such as a version or the digits of a fingerprint. */
    private static final Pattern ADDRESS = Pattern.compile("(?<![\\w.:])/?(?:\\[" + IPV6 + "\\]|" + IPV4
            + "(?!\\.?\\d)|(?=[0-9A-Fa-f:]*::)" + IPV6 + "|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4})(?::\\d{1,5})?");

    private AddressScrubber() {}

    /** The text with each address replaced. */
    public static String scrub(String text) {
        return ADDRESS.matcher(text).replaceAll(REPLACEMENT);
    }
}
