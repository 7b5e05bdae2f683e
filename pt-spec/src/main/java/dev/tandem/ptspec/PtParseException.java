package dev.tandem.ptspec;

/**
 * A text that somebody else wrote (arguments, a bridge line, an address, an upstream proxy) is malformed.
 *
 * <p>The message is one line of printable ASCII and quotes no argument value, password or cookie, so it can be shown as it is.
 */
public final class PtParseException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The message is one line of printable ASCII, without secrets. */
    public PtParseException(String message) {
        super(message);
    }
}
