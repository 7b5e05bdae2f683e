package dev.tandem.utp.paired;

import org.jspecify.annotations.Nullable;

/** Which carriers a session may put its bytes on: the {@code carrier=} argument of a bridge line. */
public enum CarrierPolicy {
    /** TLS until µTP is paired, then µTP; back to TLS whenever µTP makes no progress. */
    AUTO("auto", 0),
    /** TLS alone; µTP is never dialled. */
    TLS("tls", 1),
    /** µTP alone: bytes wait until it is paired, and the session fails if it is not in time. */
    UTP("utp", 2);

    private final String text;
    private final int code;

    CarrierPolicy(String text, int code) {
        this.text = text;
        this.code = code;
    }

    /**
     * Reads the value of {@code carrier=}.
     *
     * @throws IllegalArgumentException with a single-line message, for anything but auto, tls and utp
     */
    public static CarrierPolicy parse(String value) {
        for (CarrierPolicy policy : values()) {
            if (policy.text.equals(value)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("carrier= takes auto, tls or utp");
    }

    /** The policy of a code in HELLO ({@code LINK.md}, section 5), or null if there is none. */
    public static @Nullable CarrierPolicy ofCode(int code) {
        for (CarrierPolicy policy : values()) {
            if (policy.code == code) {
                return policy;
            }
        }
        return null;
    }

    /** The code in HELLO. */
    public int code() {
        return code;
    }

    /** The word in a bridge line: {@code auto}, {@code tls} or {@code utp}. */
    @Override
    public String toString() {
        return text;
    }
}
