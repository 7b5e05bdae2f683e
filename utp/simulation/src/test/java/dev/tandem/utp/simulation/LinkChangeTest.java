package dev.tandem.utp.simulation;

import static dev.tandem.utp.simulation.LinkTest.drain;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Conditions that change while packets are on their way. */
class LinkChangeTest {
    private static final long MS = 1_000_000;

    /** 1000 bytes take a millisecond, and ten more to arrive. */
    private static final LinkConditions CONDITIONS =
            LinkConditions.CLEAN.withOverhead(0).withRate(8_000_000).withDelay(10 * MS);

    private final Link<String> link = new Link<>(CONDITIONS, 1, payload -> 1000);

    @Test
    void whatWaitsGoesOnAtTheNewRate() {
        send(0, "a", "b", "c", "d");
        link.change(3 * MS / 2, CONDITIONS.withRate(4_000_000));
        // b has begun, and ends at the old rate.
        assertEquals(List.of("a@11000000", "b@12000000", "c@14000000", "d@16000000"), drain(link));
    }

    @Test
    void withoutARateTheQueueEmptiesBehindThePacketOnTheLine() {
        send(0, "a", "b", "c");
        link.change(MS / 2, CONDITIONS.withRate(0));
        send(MS / 2, "d");
        assertEquals(3000, link.stats().queuedBytes());
        assertEquals(List.of("a@11000000", "b@11000000", "c@11000000", "d@11000000"), drain(link));
    }

    @Test
    void whatHasBegunKeepsItsDelay() {
        send(0, "a", "b", "c");
        link.change(MS, CONDITIONS.withDelay(50 * MS));
        assertEquals(List.of("a@11000000", "b@12000000", "c@53000000"), drain(link));
    }

    @Test
    void aShorterDelayDoesNotOvertake() {
        send(0, "a");
        link.change(2 * MS, CONDITIONS.withDelay(0));
        send(2 * MS, "b");
        send(12 * MS, "c");
        assertEquals(List.of("a@11000000", "b@11000000"), drainUntil(12 * MS));
        assertEquals(List.of("c@13000000"), drain(link));
    }

    @Test
    void theQueueKeepsWhatItHoldsWhenItShrinks() {
        send(0, "a", "b", "c");
        link.change(0, CONDITIONS.withQueue(1000));
        send(0, "d");
        assertEquals(1, link.stats().droppedByQueue());
        assertEquals(List.of("a@11000000", "b@12000000", "c@13000000"), drain(link));
    }

    @Test
    void severalChangesAreAsGoodAsNoneIfTheyEndWhereTheyBegan() {
        send(0, "a", "b", "c");
        link.change(MS / 2, CONDITIONS.withRate(1000).withDelay(7));
        link.change(MS / 2, CONDITIONS);
        send(MS / 2, "d");
        assertEquals(List.of("a@11000000", "b@12000000", "c@13000000", "d@14000000"), drain(link));
    }

    @Test
    void theMtuAppliesToWhatIsSentFromThenOn() {
        send(0, "a", "b");
        link.change(0, CONDITIONS.withMtu(999));
        send(0, "c");
        link.change(0, CONDITIONS.withMtu(1000));
        send(0, "d");
        assertEquals(List.of("a@11000000", "b@12000000", "d@13000000"), drain(link));
    }

    @Test
    void aPathDiesAndComesBack() {
        send(0, "a");
        link.change(MS, CONDITIONS.withLoss(1));
        send(MS, "b");
        link.change(5 * MS, CONDITIONS);
        send(5 * MS, "c");
        assertEquals(List.of("a@11000000", "c@16000000"), drain(link));
        assertEquals(1, link.stats().lost());
    }

    @Test
    void lostPacketsInTheQueueStillTakeTheirTurnAfterAChange() {
        link.change(0, CONDITIONS.withLoss(1));
        send(0, "a", "b");
        link.change(0, CONDITIONS);
        send(0, "c");
        link.change(MS / 2, CONDITIONS.withRate(16_000_000));
        assertEquals(List.of("c@12000000"), drain(link));
    }

    @Test
    void copiesWaitWithTheirOriginals() {
        link.change(0, CONDITIONS.withDuplication(1, 3 * MS));
        send(0, "a", "b");
        link.change(MS / 2, CONDITIONS.withRate(4_000_000));
        assertEquals(List.of("a@11000000", "b@13000000", "a@14000000", "b@16000000"), drain(link));
    }

    private void send(long nowNanos, String... payloads) {
        for (String payload : payloads) {
            link.send(nowNanos, payload);
        }
    }

    private List<String> drainUntil(long nowNanos) {
        ArrayList<String> seen = new ArrayList<>();
        for (long at = link.nextDeliveryNanos(); at <= nowNanos; at = link.nextDeliveryNanos()) {
            seen.add(link.poll(nowNanos) + "@" + at);
        }
        return seen;
    }
}
