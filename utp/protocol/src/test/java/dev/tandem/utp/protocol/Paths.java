package dev.tandem.utp.protocol;

import dev.tandem.utp.simulation.Drops;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.util.function.Predicate;

/** The paths that tests use, by name. */
final class Paths {
    private Paths() {}

    static LinkConditions delay(long nanos) {
        return LinkConditions.CLEAN.withDelay(nanos);
    }

    static LinkConditions lossy(long nanos, double loss) {
        return delay(nanos).withLoss(loss);
    }

    static LinkConditions bursty(long nanos, double share, double meanLength) {
        return delay(nanos).withBurstLoss(share / (1 - share) / meanLength, 1 / meanLength, 1);
    }

    static LinkConditions duplicating(long nanos) {
        return delay(nanos).withDuplication(1, 0);
    }

    /** One packet in twenty held back by up to a quarter of the round trip. */
    static LinkConditions reordering(long nanos) {
        return delay(nanos).withReordering(0.05, nanos / 2);
    }

    /** All at once. */
    static LinkConditions hostile(long nanos) {
        return lossy(nanos, 0.05).withReordering(0.2, nanos).withDuplication(0.05, 0);
    }

    static LinkConditions blackHole() {
        return LinkConditions.CLEAN.withLoss(1);
    }

    static void cut(Pair pair, Link<Datagram> link) {
        link.change(pair.now, link.conditions().withLoss(1));
    }

    static void mend(Pair pair, Link<Datagram> link) {
        link.change(pair.now, link.conditions().withLoss(0));
    }

    static void dropWhile(Link<Datagram> link, Predicate<Datagram> filter) {
        link.dropIf(filter);
    }

    static void dropNth(Link<Datagram> link, int n) {
        link.dropIf(Drops.nth(n));
    }
}
