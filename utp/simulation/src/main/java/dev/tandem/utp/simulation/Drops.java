package dev.tandem.utp.simulation;

import java.util.Arrays;
import java.util.function.Predicate;

/** Predicates for {@link Link#dropIf} that count. Each belongs to one link. */
public final class Drops {
    private Drops() {}

    /**
     * Drops the packets with these numbers in the order of sending.
     *
     * @param numbers counted from 1; a number below 1 is an {@link IllegalArgumentException}
     */
    public static <P> Predicate<P> nth(long... numbers) {
        return nthOf(payload -> true, numbers);
    }

    /**
     * Drops, of the packets that {@code kind} accepts, those with these numbers in the order of sending.
     *
     * @param numbers counted from 1; a number below 1 is an {@link IllegalArgumentException}
     */
    public static <P> Predicate<P> nthOf(Predicate<? super P> kind, long... numbers) {
        long[] sorted = numbers.clone();
        Arrays.sort(sorted);
        if (sorted.length > 0 && sorted[0] < 1) {
            throw new IllegalArgumentException("packets count from 1: " + sorted[0]);
        }
        long[] seen = {0};
        return payload -> kind.test(payload) && Arrays.binarySearch(sorted, ++seen[0]) >= 0;
    }
}
