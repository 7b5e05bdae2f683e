package dev.tandem.utp.protocol;

import java.net.InetAddress;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * To whom an {@link Endpoint} speaks that has no connection to it. To all others it is silent: a SYN of theirs is kept for
 * a while, in case they become known ({@link Endpoint#handleSourceKnown}), and nothing else has an answer. Connections
 * that exist are not filtered. Immutable.
 *
 * @param known whether an address is known; asked for each SYN, so it should be a look-up
 * @param graceNanos how long a SYN of an unknown address is kept. A dialler repeats its SYN after 1 s, with another id
 * @param maxEarly most SYNs kept; the oldest makes room, since an honest one waits for a round trip only
 * @param maxEarlyPerSource most SYNs kept of one address; more are dropped
 */
public record SourceFilter(Predicate<InetAddress> known, long graceNanos, int maxEarly, int maxEarlyPerSource) {
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** @throws IllegalArgumentException if a bound or the time is negative */
    public SourceFilter {
        Objects.requireNonNull(known, "known");
        if (graceNanos < 0 || maxEarly < 0 || maxEarlyPerSource < 0) {
            throw new IllegalArgumentException("a bound must not be negative");
        }
    }

    /** With 1 s of grace, for 1,024 SYNs, 8 of each address. */
    public static SourceFilter of(Predicate<InetAddress> known) {
        return new SourceFilter(known, SECOND_NANOS, 1_024, 8);
    }
}
