package dev.tandem.utp.simulation;

import java.util.Locale;

/**
 * Writes down what happens on one or several links, a line for each event: time in nanoseconds, name of the link,
 * event, packet number, bytes of payload. Two runs that did the same have equal texts.
 */
public final class LinkTrace {
    private final StringBuilder text = new StringBuilder();

    /** Makes a listener that writes into this trace under {@code name}. */
    public LinkListener of(String name) {
        return (nowNanos, event, packetNr, payloadBytes) -> text.append(nowNanos)
                .append(' ')
                .append(name)
                .append(' ')
                .append(event.name().toLowerCase(Locale.ROOT))
                .append(" #")
                .append(packetNr)
                .append(' ')
                .append(payloadBytes)
                .append('\n');
    }

    /** The lines so far. */
    @Override
    public String toString() {
        return text.toString();
    }
}
