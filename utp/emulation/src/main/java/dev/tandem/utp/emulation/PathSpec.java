package dev.tandem.utp.emulation;

import dev.tandem.utp.simulation.LinkConditions;
import java.util.Locale;

/**
 * Reads the conditions of one direction from text: {@code rate=50M,delay=25ms,queue=312k,loss=1%,burst=10,jitter=2ms,
 * reorder=5%,duplicate=0.1%,mtu=1400}, each part once at most, in any order. What is left out does not happen.
 *
 * <p>Rates are bits a second and queues bytes of IP packets, with {@code k}, {@code M} or {@code G} for powers of a
 * thousand; times are {@code us}, {@code ms} or {@code s}; probabilities are per cent, or without a sign 0 to 1.
 * {@code burst} is the mean number of packets lost in a row; the share that is lost stays that of {@code loss}.
 * A packet that is reordered or duplicated comes a quarter of the delay later.
 */
public final class PathSpec {
    private PathSpec() {}

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException with one line that names the part that is wrong
     */
    public static LinkConditions parse(String text) {
        double loss = 0;
        double burst = 1;
        double reorder = 0;
        double duplicate = 0;
        // Every IP packet is whole already: no headers come on top.
        LinkConditions conditions = LinkConditions.CLEAN.withOverhead(0);
        for (String part : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            String value = part.substring(equals + 1);
            try {
                switch (key) {
                    case "rate" -> conditions = conditions.withRate((long) quantity(value));
                    case "queue" -> conditions = conditions.withQueue((long) quantity(value));
                    case "mtu" -> conditions = conditions.withMtu(Integer.parseInt(value));
                    case "delay" -> conditions = conditions.withDelay(nanos(value));
                    case "jitter" -> conditions = conditions.withJitter(nanos(value));
                    case "loss" -> loss = probability(value);
                    case "burst" -> burst = Double.parseDouble(value);
                    case "reorder" -> reorder = probability(value);
                    case "duplicate" -> duplicate = probability(value);
                    default -> throw new IllegalArgumentException("there is no such part");
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("path: '" + part + "': " + reason(e), e);
            }
        }
        if (loss < 0 || loss >= 1 || burst < 1) {
            throw new IllegalArgumentException("path: loss is at least 0 and less than 1, burst at least 1");
        }
        long later = conditions.delayNanos() / 4;
        return withLoss(conditions, loss, burst).withReordering(reorder, later).withDuplication(duplicate, later);
    }

    private static LinkConditions withLoss(LinkConditions conditions, double loss, double burst) {
        if (burst == 1 || loss == 0) {
            return conditions.withLoss(loss);
        }
        // In the bad state everything is lost; it lasts so many packets on average, and is on for that share of all.
        double leave = 1 / burst;
        return conditions.withBurstLoss(loss * leave / (1 - loss), leave, 1);
    }

    private static String reason(IllegalArgumentException e) {
        return e instanceof NumberFormatException ? "not a number" : String.valueOf(e.getMessage());
    }

    private static double quantity(String text) {
        double factor = 1;
        String number = text;
        if (!text.isEmpty()) {
            factor = switch (Character.toLowerCase(text.charAt(text.length() - 1))) {
                case 'k' -> 1e3;
                case 'm' -> 1e6;
                case 'g' -> 1e9;
                default -> 1;
            };
            number = factor == 1 ? text : text.substring(0, text.length() - 1);
        }
        return Double.parseDouble(number) * factor;
    }

    private static double probability(String text) {
        return text.endsWith("%")
                ? Double.parseDouble(text.substring(0, text.length() - 1)) / 100
                : Double.parseDouble(text);
    }

    private static long nanos(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        for (TimeUnits unit : TimeUnits.values()) {
            if (lower.endsWith(unit.suffix)) {
                return (long)
                        (Double.parseDouble(lower.substring(0, lower.length() - unit.suffix.length())) * unit.nanos);
            }
        }
        throw new IllegalArgumentException("a time ends in us, ms or s");
    }

    private enum TimeUnits {
        MICROS("us", 1e3),
        MILLIS("ms", 1e6),
        SECONDS("s", 1e9);

        private final String suffix;
        private final double nanos;

        TimeUnits(String suffix, double nanos) {
            this.suffix = suffix;
            this.nanos = nanos;
        }
    }
}
