package dev.tandem.utp.protocol;

import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.util.function.Predicate;

/** The paths that tests use, by name. */
final class Paths {
    private Paths() {}

    static LinkConditions delay(long nanos) {
        return LinkConditions.PERFECT.withDelay(nanos);
    }

    static LinkConditions lossy(long nanos, double loss) {
        return delay(nanos).withLoss(loss);
    }

    static LinkConditions bursty(long nanos, double share, double meanLength) {
        return delay(nanos).withBursts(share, meanLength);
    }

    static LinkConditions duplicating(long nanos) {
        return delay(nanos).withDuplication(1);
    }

    /** One packet in twenty held back by up to a quarter of the round trip. */
    static LinkConditions reordering(long nanos) {
        return delay(nanos).withReordering(0.05, nanos / 2);
    }

    /** All at once. */
    static LinkConditions hostile(long nanos) {
        return lossy(nanos, 0.05).withReordering(0.2, nanos).withDuplication(0.05);
    }

    static LinkConditions blackHole() {
        return LinkConditions.PERFECT.withLoss(1);
    }

    static void cut(Link<Datagram> link) {
        link.change(link.conditions().withLoss(1));
    }

    static void mend(Link<Datagram> link) {
        link.change(link.conditions().withLoss(0));
    }

    static void dropWhile(Link<Datagram> link, Predicate<Datagram> filter) {
        link.dropIf(filter);
    }

    static void dropNth(Link<Datagram> link, int n) {
        int[] left = {n};
        link.dropIf(datagram -> --left[0] == 0);
    }

    static void dropFirst(Link<Datagram> link, int n) {
        int[] left = {n};
        link.dropIf(datagram -> left[0]-- > 0);
    }
}
