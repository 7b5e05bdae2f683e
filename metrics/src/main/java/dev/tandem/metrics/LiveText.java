package dev.tandem.metrics;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkView.Population;
import dev.tandem.utp.paired.PathSample;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a proxy does at one moment, in one line: payload in each direction, and its rate of late; round trip, carriers, sessions. */
final class LiveText {
    /** What the rates are of: long enough to read, short enough to see a change. */
    private static final long RATE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    /**
     * The counters at one moment.
     *
     * @param up bytes that left the client's side
     */
    private record Moment(long nanos, long up, long down, long tls, long utp) {}

    private final boolean client;
    private final Deque<Moment> moments = new ArrayDeque<>();
    private String carriers = "-";

    /** @param client whether what is sent goes up */
    LiveText(boolean client) {
        this.client = client;
    }

    /**
     * The line now. Rates are since two seconds ago, or the first call.
     *
     * @param samples of some of the sessions' carriers
     */
    String next(
            long nowNanos, CarrierTotals.Snapshot totals, @Nullable Population population, List<PathSample> samples) {
        long sent = totals.sentTls() + totals.sentUtp();
        long received = totals.receivedTls() + totals.receivedUtp();
        Moment now = new Moment(
                nowNanos,
                client ? sent : received,
                client ? received : sent,
                totals.sentTls() + totals.receivedTls(),
                totals.sentUtp() + totals.receivedUtp());
        moments.add(now);
        while (moments.size() > 2 && nowNanos - moments.element().nanos > RATE_NANOS) {
            moments.remove();
        }
        Moment then = moments.element();
        boolean tls = now.tls > then.tls;
        boolean utp = now.utp > then.utp;
        if (tls || utp) {
            carriers = tls && utp ? "tls+utp" : tls ? "tls" : "utp";
        }
        double seconds = Math.max(0.001, (now.nanos - then.nanos) / 1e9);
        return "up " + bytes(now.up) + " " + bytes((long) ((now.up - then.up) / seconds)) + "/s  down "
                + bytes(now.down) + " "
                + bytes((long) ((now.down - then.down) / seconds)) + "/s  rtt " + rtt(samples) + "  " + carriers + "  "
                + sessions(population);
    }

    private static String sessions(@Nullable Population population) {
        if (population == null) {
            return "-";
        }
        int all = population.attached() + population.detached();
        return all
                + (all == 1 ? " session" : " sessions")
                + (population.detached() > 0 ? ", " + population.detached() + " cut off" : "");
    }

    /** The mean of those carriers that bore something lately, if it is known of any. */
    private String rtt(List<PathSample> samples) {
        double millis = samples.stream()
                        .filter(sample -> sample.rttMicros() > 0 && carriers.contains(name(sample.carrier())))
                        .mapToLong(PathSample::rttMicros)
                        .average()
                        .orElse(0)
                / 1e3;
        return millis == 0 ? "-" : String.format(Locale.ROOT, millis < 10 ? "%.1f ms" : "%.0f ms", millis);
    }

    private static String name(CarrierKind kind) {
        return kind == CarrierKind.TLS ? "tls" : "utp";
    }

    /** Three digits and a unit, of a thousand each. */
    static String bytes(long count) {
        double value = (double) count;
        int unit = 0;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        String format = unit == 0 || value >= 99.95 ? "%.0f %s" : value >= 9.995 ? "%.1f %s" : "%.2f %s";
        return String.format(Locale.ROOT, format, value, UNITS[unit]);
    }
}
