package dev.tandem.metrics;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The values of labels: all are of closed sets. */
final class Labels {
    private Labels() {}

    /** @param value null is {@code none} */
    static String of(@Nullable Enum<?> value) {
        return value == null ? "none" : value.name().toLowerCase(Locale.ROOT);
    }
}
