package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left to chance: rates, and that each impairment decides by itself. Payloads are numbers from 0, 1 ms apart. */
class LinkChanceTest {
    private static final long MS = 1_000_000;
    private static final int PACKETS = 100_000;
    private static final LinkConditions BARE = LinkConditions.CLEAN.withDelay(10 * MS);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void lossHasItsProbability(long seed) {
        Link<Integer> link = link(BARE.withLoss(0.02), seed);
        run(link, PACKETS);
        assertRate("seed " + seed, 0.02, link.stats().lost(), PACKETS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void duplicationHasItsProbability(long seed) {
        Link<Integer> link = link(BARE.withDuplication(0.05, 0), seed);
        List<Delivery> deliveries = run(link, PACKETS);
        assertRate("seed " + seed, 0.05, link.stats().duplicated(), PACKETS);
        assertEquals(PACKETS + link.stats().duplicated(), deliveries.size(), "seed " + seed);
        assertEquals(0, link.stats().reordered(), "seed " + seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void packetsHeldBackAreOvertaken(long seed) {
        Link<Integer> link = link(BARE.withReordering(0.05, 3 * MS / 2), seed);
        List<Delivery> deliveries = run(link, PACKETS);
        // Not overtaken are the ones whose successor was held back as well.
        assertRate("seed " + seed, 0.05 * 0.95, link.stats().reordered(), PACKETS);
        assertEquals(PACKETS, deliveries.size(), "seed " + seed);
        for (Delivery delivery : deliveries) {
            long delay = delivery.atNanos - delivery.number * MS;
            assertTrue(delay == 10 * MS || delay == 23 * MS / 2, "seed " + seed + ": " + delivery);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void burstsHaveTheirLengthAndShare(long seed) {
        Link<Integer> link = link(BARE.withBurstLoss(0.01, 0.2, 1), seed);
        boolean[] arrived = new boolean[PACKETS];
        run(link, PACKETS).forEach(delivery -> arrived[delivery.number] = true);
        int bursts = 0;
        for (int i = 1; i < PACKETS; i++) {
            bursts += !arrived[i] && arrived[i - 1] ? 1 : 0;
        }
        double meanLength = link.stats().lost() / (double) bursts;
        assertEquals(5, meanLength, 0.5, "seed " + seed);
        assertEquals(0.01 / 0.21, link.stats().lost() / (double) PACKETS, 0.006, "seed " + seed);
    }

    @Test
    void burstsMayLetSomeThrough() {
        Link<Integer> link = link(BARE.withBurstLoss(1, 0.000_001, 0.25), 4);
        run(link, PACKETS);
        assertRate("seed 4", 0.25, link.stats().lost(), PACKETS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void jitterIsUniformAndKeepsOrder(long seed) {
        // Packets are further apart than the jitter, so that none has to wait for another.
        List<Delivery> deliveries = run(link(BARE.withJitter(MS - 1), seed), PACKETS);
        int[] tenths = new int[10];
        for (int i = 0; i < PACKETS; i++) {
            Delivery delivery = deliveries.get(i);
            assertEquals(i, delivery.number, "seed " + seed);
            long jitter = delivery.atNanos - i * MS - 10 * MS;
            assertTrue(jitter >= 0 && jitter < MS, "seed " + seed + ": " + jitter);
            tenths[(int) (jitter * 10 / MS)]++;
        }
        for (int count : tenths) {
            assertRate("seed " + seed, 0.1, count, PACKETS);
        }
    }

    @Test
    void largeJitterReordersOnlyWhereAsked() {
        Link<Integer> ordered = link(BARE.withJitter(20 * MS), 5);
        List<Delivery> deliveries = run(ordered, 1000);
        for (int i = 0; i < 1000; i++) {
            assertEquals(i, deliveries.get(i).number);
        }
        assertEquals(0, ordered.stats().reordered());

        Link<Integer> reordering = link(BARE.withReorderingJitter(20 * MS), 5);
        run(reordering, 1000);
        assertTrue(reordering.stats().reordered() > 500, reordering.stats()::toString);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void corruptionHasItsProbabilityAndItsOwnGenerator(long seed) {
        Link<Integer> link = link(BARE.withCorruption(0.03), seed);
        link.corruptWith((number, random) -> -1 - random.nextInt(1000));
        List<Delivery> deliveries = run(link, PACKETS);
        long damaged = deliveries.stream().filter(d -> d.number < 0).count();
        long different = deliveries.stream()
                .map(Delivery::number)
                .filter(n -> n < 0)
                .distinct()
                .count();
        assertEquals(link.stats().corrupted(), damaged, "seed " + seed);
        assertRate("seed " + seed, 0.03, damaged, PACKETS);
        assertTrue(different > 900, "seed " + seed + ": " + different);
    }

    @Test
    void corruptionNeedsACorrupter() {
        Link<Integer> link = link(BARE.withCorruption(1), 1);
        assertThrows(IllegalStateException.class, () -> link.send(0, 1));
    }

    @Test
    void aCopyIsMadeBeforeDamageAndComesLater() {
        Link<Integer> link = link(BARE.withCorruption(1).withDuplication(1, 5 * MS), 1);
        link.corruptWith((number, random) -> -number);
        link.copyWith(number -> number + 1000);
        link.send(0, 7);
        assertEquals(List.of("-7@10000000", "1007@15000000"), LinkTest.drain(link));
    }

    @Test
    void lossMovesNoOtherPacket() {
        LinkConditions conditions =
                BARE.withRate(8_000_000).withQueue(20_000).withJitter(3 * MS).withReordering(0.1, 5 * MS);
        Map<Integer, Long> without = times(run(link(conditions, 6), 5000));
        Map<Integer, Long> with = times(run(link(conditions.withLoss(0.1).withBurstLoss(0.01, 0.1, 0.8), 6), 5000));
        assertTrue(with.size() < without.size() * 9 / 10, with.size() + " of " + without.size());
        with.forEach((number, atNanos) -> assertEquals(without.get(number), atNanos));
    }

    @Test
    void otherImpairmentsDoNotChangeWhatIsLost() {
        LinkConditions lossy = BARE.withLoss(0.1).withBurstLoss(0.01, 0.1, 0.8);
        Map<Integer, Long> alone = times(run(link(lossy, 7), 5000));
        Link<Integer> link = link(
                lossy.withReorderingJitter(9 * MS)
                        .withReordering(0.1, 5 * MS)
                        .withDuplication(0.1, MS)
                        .withCorruption(0.1)
                        .withRate(10_000_000),
                7);
        link.corruptWith((number, random) -> number + 0 * random.nextInt());
        assertEquals(alone.keySet(), new TreeSet<>(times(run(link, 5000)).keySet()));
    }

    @Test
    void conditionsOutOfRangeAreRefused() {
        LinkConditions c = LinkConditions.CLEAN;
        List<Runnable> bad = List.of(
                () -> c.withDelay(-1),
                () -> c.withDelay(LinkConditions.MAX_DURATION_NANOS + 1),
                () -> c.withJitter(-1),
                () -> c.withReorderingJitter(-1),
                () -> c.withLoss(-0.1),
                () -> c.withLoss(1.1),
                () -> c.withLoss(Double.NaN),
                () -> c.withBurstLoss(0.1, 0, 1),
                () -> c.withBurstLoss(2, 1, 1),
                () -> c.withReordering(0.1, -1),
                () -> c.withDuplication(-1, 0),
                () -> c.withCorruption(2),
                () -> c.withRate(-1),
                () -> c.withRate(LinkConditions.MAX_RATE_BITS_PER_SECOND + 1),
                () -> c.withQueue(-1),
                () -> c.withOverhead(-1),
                () -> c.withMtu(65_536));
        bad.forEach(attempt -> assertThrows(IllegalArgumentException.class, attempt::run));
        assertEquals("delay 0 ns", c.toString());
    }

    private record Delivery(long atNanos, int number) {}

    private static Link<Integer> link(LinkConditions conditions, long seed) {
        return new Link<>(conditions, seed, number -> 1000);
    }

    private static List<Delivery> run(Link<Integer> link, int packets) {
        List<Delivery> deliveries = new ArrayList<>();
        for (int i = 0; i < packets; i++) {
            takeUntil(link, i * MS, deliveries);
            link.send(i * MS, i);
        }
        takeUntil(link, Link.NO_EVENT - 1, deliveries);
        return deliveries;
    }

    private static void takeUntil(Link<Integer> link, long untilNanos, List<Delivery> into) {
        for (long at = link.nextDeliveryNanos(); at <= untilNanos; at = link.nextDeliveryNanos()) {
            Integer number = link.poll(at);
            if (number != null) {
                into.add(new Delivery(at, number));
            }
        }
    }

    private static Map<Integer, Long> times(List<Delivery> deliveries) {
        Map<Integer, Long> first = new LinkedHashMap<>();
        deliveries.forEach(delivery -> first.putIfAbsent(delivery.number, delivery.atNanos));
        return first;
    }

    /** Within five standard deviations, which a right generator misses once in two million tries. */
    private static void assertRate(String message, double expected, long hits, int of) {
        double deviation = Math.sqrt(expected * (1 - expected) / of);
        assertEquals(expected, hits / (double) of, 5 * deviation, message);
    }
}
