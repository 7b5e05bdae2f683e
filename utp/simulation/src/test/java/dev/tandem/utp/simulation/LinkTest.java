package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Delay, rate, queue, MTU, order and scripts: exact, without chance. */
class LinkTest {
    private static final long MS = 1_000_000;
    private static final LinkConditions BARE = LinkConditions.CLEAN.withOverhead(0);

    /** 1000 bytes take a millisecond. */
    private static final LinkConditions ONE_PACKET_PER_MS = BARE.withRate(8_000_000);

    @Test
    void aCleanLinkDeliversAtOnceAndInOrder() {
        Link<String> link = link(BARE);
        assertEquals(Link.NO_EVENT, link.nextDeliveryNanos());
        link.send(5, "a");
        link.send(5, "b");
        assertEquals(5, link.nextDeliveryNanos());
        assertEquals("a", link.poll(5));
        assertEquals("b", link.poll(5));
        assertNull(link.poll(5));
        assertEquals(Link.NO_EVENT, link.nextDeliveryNanos());
    }

    @Test
    void delayIsExactToTheNanosecond() {
        Link<String> link = link(BARE.withDelay(25 * MS));
        link.send(7, "a");
        assertEquals(25 * MS + 7, link.nextDeliveryNanos());
        assertNull(link.poll(25 * MS + 6));
        assertEquals("a", link.poll(25 * MS + 7));
    }

    @Test
    void timesMayBeNegative() {
        Link<String> link = link(ONE_PACKET_PER_MS.withDelay(MS));
        link.send(-10 * MS, "a");
        assertEquals(-8 * MS, link.nextDeliveryNanos());
        assertEquals("a", link.poll(-8 * MS));
    }

    @Test
    void packetsAreSerialisedOneAfterTheOther() {
        Link<String> link = link(ONE_PACKET_PER_MS.withDelay(10 * MS));
        link.send(0, "a");
        link.send(0, "b");
        link.send(500_000, "c");
        assertEquals(2_500_000, link.queueDelayNanos(500_000));
        assertEquals(List.of("a@11000000", "b@12000000", "c@13000000"), drain(link));
        link.send(20 * MS, "d");
        assertEquals(List.of("d@31000000"), drain(link));
        assertEquals(1_500_000, link.stats().maxQueueDelayNanos());
    }

    @Test
    void serialisationRoundsUp() {
        Link<String> link = link(BARE.withRate(3_000_000_000L));
        link.send(0, "a");
        assertEquals(2667, link.nextDeliveryNanos());
    }

    @Test
    void overheadCountsForTheRate() {
        Link<String> link = link(LinkConditions.CLEAN.withRate(8_000_000));
        link.send(0, "a");
        assertEquals(1_028_000, link.nextDeliveryNanos());
    }

    @Test
    void theQueueDropsTheTailByBytes() {
        Link<Integer> link = new Link<>(ONE_PACKET_PER_MS.withQueue(2500), 1, bytes -> bytes);
        link.send(0, 1000); // on the line, not in the queue
        link.send(0, 1000);
        link.send(0, 1000);
        link.send(0, 501); // 2501 bytes
        link.send(0, 500); // 2500 bytes
        link.send(0, 0);
        link.send(0, 1);
        assertEquals(2, link.stats().droppedByQueue());
        assertEquals(2500, link.stats().queuedBytes());
        assertEquals(2500, link.stats().maxQueuedBytes());

        assertNull(link.poll(MS - 1));
        assertEquals(2500, link.stats().queuedBytes());
        link.send(MS, 1000); // the first has gone, the second is on the line: 1500 + 1000
        link.send(MS, 1);
        LinkStats stats = link.stats();
        assertEquals(3, stats.droppedByQueue());
        assertEquals(2500, stats.queuedBytes());
        assertEquals(
                List.of("1000@1000000", "1000@2000000", "1000@3000000", "500@3500000", "0@3500000", "1000@4500000"),
                drain(link));
        assertEquals(0, link.stats().queuedBytes());
    }

    @Test
    void withoutRoomInTheQueueAnIdleLineStillTakesAPacket() {
        Link<String> link = link(ONE_PACKET_PER_MS.withQueue(0));
        link.send(0, "a");
        link.send(999_999, "b");
        link.send(MS, "c");
        assertEquals(List.of("a@1000000", "c@2000000"), drain(link));
    }

    @Test
    void aQueueWithoutARateHasNoEffect() {
        Link<String> link = link(BARE.withQueue(0));
        link.send(0, "a");
        link.send(0, "b");
        assertEquals(List.of("a@0", "b@0"), drain(link));
    }

    @Test
    void whatIsLargerThanTheMtuVanishes() {
        Link<Integer> link = new Link<>(LinkConditions.CLEAN.withMtu(1492), 1, bytes -> bytes);
        link.send(0, 1464);
        link.send(0, 1465);
        assertEquals(List.of("1464@0"), drain(link));
        assertEquals(1, link.stats().droppedByMtu());
    }

    @Test
    void aScriptDropsExactlyTheThirdPacket() {
        Link<String> link = link(BARE);
        link.dropIf(Drops.nth(3));
        for (String payload : List.of("a", "b", "c", "d")) {
            link.send(0, payload);
        }
        assertEquals(List.of("a@0", "b@0", "d@0"), drain(link));
        assertEquals(1, link.stats().droppedByScript());
    }

    @Test
    void aScriptCountsPacketsOfOneKind() {
        Link<String> link = link(BARE);
        link.dropIf(Drops.nthOf(payload -> payload.startsWith("x"), 1, 3));
        for (String payload : List.of("a", "x1", "x2", "b", "x3", "x4")) {
            link.send(0, payload);
        }
        assertEquals(List.of("a@0", "x2@0", "b@0", "x4@0"), drain(link));
        assertThrows(IllegalArgumentException.class, () -> Drops.nth(0));
    }

    @Test
    void everyPacketIsAccountedFor() {
        Link<Integer> link = new Link<>(
                ONE_PACKET_PER_MS.withQueue(3000).withMtu(1200).withLoss(0.3).withDuplication(0.3, MS),
                11,
                bytes -> bytes);
        link.dropIf(Drops.nth(4, 9));
        for (int i = 0; i < 200; i++) {
            link.send(i * MS / 2, i % 10 == 0 ? 1300 : 1000);
            if (i % 3 == 0) {
                link.poll(i * MS / 2);
            }
            LinkStats s = link.stats();
            assertEquals(
                    s.sent() + s.duplicated(),
                    s.droppedByScript()
                            + s.droppedByMtu()
                            + s.droppedByQueue()
                            + s.lost()
                            + s.delivered()
                            + s.inFlight());
        }
        LinkStats stats = link.stats();
        assertEquals(200, stats.sent());
        assertEquals(20 * 1300 + 180 * 1000, stats.sentBytes());
        assertEquals(2, stats.droppedByScript());
        assertEquals(20, stats.droppedByMtu());
    }

    @Test
    void timeDoesNotGoBack() {
        Link<String> link = link(BARE);
        link.send(10, "a");
        assertThrows(IllegalArgumentException.class, () -> link.send(9, "b"));
        assertThrows(IllegalArgumentException.class, () -> link.poll(9));
        assertThrows(IllegalArgumentException.class, () -> link.change(9, BARE));
    }

    @Test
    void sizesOutOfRangeAreRefused() {
        Link<Integer> link = new Link<>(BARE, 1, bytes -> bytes);
        assertThrows(IllegalArgumentException.class, () -> link.send(0, -1));
        assertThrows(IllegalArgumentException.class, () -> link.send(0, (1 << 24) + 1));
    }

    private static Link<String> link(LinkConditions conditions) {
        return new Link<>(conditions, 1, payload -> 1000);
    }

    /** All that is on the link, each with the time at which it came. */
    static <P> List<String> drain(Link<P> link) {
        List<String> seen = new ArrayList<>();
        for (long at = link.nextDeliveryNanos(); at != Link.NO_EVENT; at = link.nextDeliveryNanos()) {
            seen.add(link.poll(at) + "@" + at);
        }
        return seen;
    }
}
