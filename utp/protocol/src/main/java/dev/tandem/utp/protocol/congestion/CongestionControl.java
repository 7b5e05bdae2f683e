package dev.tandem.utp.protocol.congestion;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The controllers there are, by the names that command lines and bridge lines know them by. */
public enum CongestionControl {
    /** {@link Bbr}: fast where packets are lost, with a short queue; takes its share beside TCP. */
    BBR("bbr"),
    /** {@link Cubic}: as most TCP does, and as slow as that where packets are lost. */
    CUBIC("cubic"),
    /** {@link Ledbat}: yields to everything that makes a queue. */
    LEDBAT("ledbat"),
    /** {@link LedbatPlusPlus}: yields as well, and shares evenly with its like. */
    LEDBAT_PLUS_PLUS("ledbat++");

    private final String label;

    CongestionControl(String label) {
        this.label = label;
    }

    /** Makes it for connections. */
    public CongestionController.Factory factory() {
        return switch (this) {
            case BBR -> Bbr::new;
            case CUBIC -> Cubic::new;
            case LEDBAT -> Ledbat::new;
            case LEDBAT_PLUS_PLUS -> LedbatPlusPlus::new;
        };
    }

    /** The name that {@link #parse} reads. */
    public String label() {
        return label;
    }

    /**
     * Reads a name.
     *
     * @param option what the name is the value of, for the message
     * @throws IllegalArgumentException if there is none of that name; the message lists those there are, and not the name
     */
    public static CongestionControl parse(String option, String label) {
        return Arrays.stream(values())
                .filter(control -> control.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(option + " takes " + labels()));
    }

    /** All names, for a message. */
    public static String labels() {
        String last = values()[values().length - 1].label;
        return Arrays.stream(values(), 0, values().length - 1)
                        .map(CongestionControl::label)
                        .collect(Collectors.joining(", "))
                + " or " + last;
    }
}
