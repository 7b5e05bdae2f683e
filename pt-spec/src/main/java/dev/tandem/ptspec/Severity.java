package dev.tandem.ptspec;

import java.util.Locale;

/** How grave a {@code LOG} message is (tor proposal 301, now pt-spec 3.3.4). */
public enum Severity {
    /** Something that stops the proxy from working. */
    ERROR,
    /** Something that the operator should look at. */
    WARNING,
    /** Something that the operator should see. */
    NOTICE,
    /** Something that happens often. */
    INFO,
    /** Something for developers. */
    DEBUG;

    String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }
}
