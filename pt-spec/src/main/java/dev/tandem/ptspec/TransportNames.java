package dev.tandem.ptspec;

import java.util.regex.Pattern;

/** Names of pluggable transports (pt-spec 3.1): C identifiers, so {@code [a-zA-Z_][a-zA-Z0-9_]*}. */
public final class TransportNames {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    private TransportNames() {}

    /** Whether pt-spec allows this name. */
    public static boolean isValid(String name) {
        return NAME.matcher(name).matches();
    }

    /**
     * Returns the name.
     *
     * @throws IllegalArgumentException if pt-spec does not allow it: tor would end the proxy or close the connection
     */
    public static String requireValid(String name) {
        if (!isValid(name)) {
            throw new IllegalArgumentException("not a transport name (pt-spec 3.1)");
        }
        return name;
    }
}
