package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkTest {
    private static final long MILLIS = 1_000_000L;
    private static final int SIZE = 972; // with the overhead of 28: 1,000

    private static Link<Integer> link(LinkConditions conditions, long seed) {
        return new Link<>(conditions, seed, packet -> SIZE);
    }

    /** All that arrives, as "number@microseconds". */
    private static List<String> drain(Link<Integer> link) {
        List<String> trace = new ArrayList<>();
        while (link.nextDeliveryNanos() != Link.NO_DELIVERY) {
            long now = link.nextDeliveryNanos();
            for (Integer packet; (packet = link.poll(now)) != null; ) {
                trace.add(packet + "@" + now / 1_000);
            }
        }
        return trace;
    }

    private static List<String> trace(LinkConditions conditions, long seed, int packets) {
        Link<Integer> link = link(conditions, seed);
        for (int i = 0; i < packets; i++) {
            link.send(i * 100_000L, i);
        }
        return drain(link);
    }

    @Test
    void deliversAfterTheDelayAndNotBefore() {
        Link<Integer> link = link(LinkConditions.PERFECT.withDelay(5 * MILLIS), 1);
        link.send(MILLIS, 7);
        assertEquals(6 * MILLIS, link.nextDeliveryNanos());
        assertNull(link.poll(6 * MILLIS - 1));
        assertEquals(7, link.poll(6 * MILLIS));
        assertEquals(Link.NO_DELIVERY, link.nextDeliveryNanos());
    }

    @Test
    void sendsAtItsRateAndDropsWhatFindsNoRoom() {
        // 8 Mbit/s: a packet of 1,000 bytes takes 1 ms. Room for three that wait.
        Link<Integer> link = link(LinkConditions.PERFECT.withDelay(MILLIS).withRate(8_000_000, 3_000), 1);
        for (int i = 0; i < 10; i++) {
            link.send(0, i);
        }
        assertEquals(List.of("0@2000", "1@3000", "2@4000"), drain(link));
        assertEquals(7, link.stats().queueDrops());
        assertEquals(2 * MILLIS, link.stats().maxQueueNanos());
        link.send(20 * MILLIS, 11);
        assertEquals(List.of("11@22000"), drain(link));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void losesItsShare(long seed) {
        int arrived = trace(LinkConditions.PERFECT.withLoss(0.1), seed, 20_000).size();
        assertEquals(18_000, arrived, 200.0, "seed " + seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void losesInBurstsOfTheMeanLength(long seed) {
        List<String> arrived = trace(LinkConditions.PERFECT.withBursts(0.05, 10), seed, 200_000);
        assertEquals(190_000, arrived.size(), 2_500.0, "seed " + seed);
        int gaps = 0;
        int last = -1;
        for (String entry : arrived) {
            int number = Integer.parseInt(entry.substring(0, entry.indexOf('@')));
            gaps += number > last + 1 ? 1 : 0;
            last = number;
        }
        double meanLength = (200_000.0 - arrived.size()) / gaps;
        assertEquals(10, meanLength, 1.0, "seed " + seed);
    }

    @Test
    void jitterDelaysButDoesNotReorder() {
        List<String> arrived = trace(LinkConditions.PERFECT.withDelay(MILLIS).withJitter(5 * MILLIS), 1, 1_000);
        assertEquals(1_000, arrived.size());
        for (int i = 0; i < 1_000; i++) {
            assertTrue(arrived.get(i).startsWith(i + "@"), arrived.get(i));
        }
        assertNotEquals("0@1000", arrived.get(0));
    }

    @Test
    void holdsPacketsBack() {
        Link<Integer> link = link(LinkConditions.PERFECT.withReordering(0.1, MILLIS), 1);
        for (int i = 0; i < 10_000; i++) {
            link.send(i * 100_000L, i);
        }
        List<String> arrived = drain(link);
        assertEquals(10_000, arrived.size());
        assertEquals(1_000, (double) link.stats().reordered(), 100.0);
        assertNotEquals(trace(LinkConditions.PERFECT, 1, 10_000), arrived);
    }

    @Test
    void duplicates() {
        assertEquals(List.of("0@0", "0@0", "1@100", "1@100"), trace(LinkConditions.PERFECT.withDuplication(1), 1, 2));
    }

    @Test
    void corrupts() {
        Link<Integer> link =
                new Link<>(LinkConditions.PERFECT.withCorruption(1), 1, packet -> SIZE, packet -> packet + 1_000);
        link.send(0, 1);
        assertEquals(1_001, link.poll(0));
        assertEquals(1, link.stats().corrupted());
    }

    @Test
    void swallowsWhatIsTooLarge() {
        Link<Integer> link = new Link<>(LinkConditions.PERFECT.withMtu(1_500), 1, packet -> packet);
        link.send(0, 1_472);
        link.send(0, 1_473);
        assertEquals(List.of("1472@0"), drain(link));
        assertEquals(1, link.stats().tooLarge());
    }

    @Test
    void asksEveryFilter() {
        Link<Integer> link = link(LinkConditions.PERFECT, 1);
        link.dropIf(packet -> packet == 3);
        link.dropIf(packet -> packet == 5);
        for (int i = 0; i < 7; i++) {
            link.send(0, i);
        }
        assertEquals(List.of("0@0", "1@0", "2@0", "4@0", "6@0"), drain(link));
    }

    @Test
    void changesApplyToWhatIsSentAfterThem() {
        Link<Integer> link = link(LinkConditions.PERFECT.withDelay(10 * MILLIS), 1);
        link.send(0, 1);
        link.change(link.conditions().withDelay(MILLIS));
        link.send(0, 2);
        assertEquals(List.of("2@1000", "1@10000"), drain(link));
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        LinkConditions all = LinkConditions.PERFECT
                .withDelay(MILLIS)
                .withJitter(MILLIS)
                .withLoss(0.05)
                .withBursts(0.02, 5)
                .withReordering(0.1, 3 * MILLIS)
                .withDuplication(0.05)
                .withRate(50_000_000, 20_000);
        assertEquals(trace(all, 42, 5_000), trace(all, 42, 5_000));
        assertNotEquals(trace(all, 42, 5_000), trace(all, 43, 5_000));
    }

    @Test
    void oneImpairmentDoesNotChangeWhatAnotherDecides() {
        List<String> lossy = trace(LinkConditions.PERFECT.withLoss(0.1), 9, 2_000);
        List<String> lossyAndDuplicating =
                trace(LinkConditions.PERFECT.withLoss(0.1).withDuplication(0.3), 9, 2_000).stream()
                        .distinct()
                        .toList();
        assertEquals(lossy, lossyAndDuplicating);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void refusesWhatIsNoProbability(double value) {
        assertThrows(IllegalArgumentException.class, () -> LinkConditions.PERFECT.withLoss(value));
    }

    @Test
    void refusesNegativeTimes() {
        assertThrows(IllegalArgumentException.class, () -> LinkConditions.PERFECT.withDelay(-1));
    }
}
