package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Links on a simulation: one by itself, two as an asymmetric path, one shared. */
class PipeTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1000 * MS;
    private static final LinkConditions BARE = LinkConditions.CLEAN.withOverhead(0);

    private final Simulation simulation = new Simulation();
    private final List<String> seen = new ArrayList<>();

    @Test
    void deliversWhenDue() {
        Pipe<String> pipe = pipe(BARE.withRate(8_000_000).withDelay(10 * MS));
        pipe.send("a");
        pipe.send("b");
        assertEquals(List.of(), seen);
        simulation.runUntil(SECOND);
        assertEquals(List.of("a@11000000", "b@12000000"), seen);
    }

    @Test
    void aPacketThatOvertakesWakesEarlier() {
        Pipe<String> pipe = pipe(BARE.withReordering(1, 50 * MS));
        pipe.send("a");
        pipe.change(BARE.withDelay(MS));
        pipe.send("b");
        simulation.runUntil(SECOND);
        assertEquals(List.of("b@1000000", "a@50000000"), seen);
    }

    @Test
    void changesTakeEffectAtTheirTime() {
        Pipe<String> pipe = pipe(BARE.withRate(8_000_000));
        pipe.changeAt(MS / 2, BARE.withRate(800_000));
        pipe.changeAt(5 * MS, BARE.withRate(0));
        for (String payload : List.of("a", "b", "c", "d")) {
            pipe.send(payload);
        }
        simulation.runUntil(SECOND);
        // b began at the low rate and takes ten milliseconds; the rest follows it at once.
        assertEquals(List.of("a@1000000", "b@11000000", "c@11000000", "d@11000000"), seen);
    }

    @Test
    void aReceiverMayAnswerThroughAnotherDirection() {
        List<Long> answers = new ArrayList<>();
        Pipe<String> down = new Pipe<>(
                simulation, new Link<>(BARE.withDelay(40 * MS), 1, s -> 1000), s -> answers.add(simulation.now()));
        Pipe<String> up = new Pipe<>(
                simulation, new Link<>(BARE.withDelay(5 * MS).withRate(8_000_000), 2, s -> 1000), down::send);
        up.send("a");
        up.send("b");
        simulation.runUntil(SECOND);
        assertEquals(List.of(46 * MS, 47 * MS), answers);
    }

    @Test
    void hoursInWhichLittleHappensAreCheap() {
        Pipe<String> pipe = pipe(BARE.withDelay(50 * MS));
        int[] events = {0};
        Runnable[] everyMinute = {() -> {}};
        everyMinute[0] = () -> {
            events[0]++;
            pipe.send("keepalive");
            simulation.scheduleIn(60 * SECOND, everyMinute[0]);
        };
        everyMinute[0].run();
        simulation.runUntil(1000L * 3600 * SECOND);
        assertEquals(60_001, events[0]);
        assertEquals(60_000, pipe.link().stats().delivered());
    }

    @Test
    void flowsShareRateAndQueueOfABottleneck() {
        Bottleneck bottleneck =
                new Bottleneck(simulation, BARE.withRate(8_000_000).withQueue(3000), 1);
        List<Long> numbers = new ArrayList<>();
        Bottleneck.Flow<String> texts = bottleneck.addFlow(s -> 1000, s -> seen.add(s + "@" + simulation.now()));
        Bottleneck.Flow<Long> longs = bottleneck.addFlow(n -> 500, numbers::add);
        texts.send("a");
        longs.send(1L);
        texts.send("b");
        longs.send(2L);
        texts.send("c"); // finds 2000 of 3000 bytes taken
        longs.send(3L); // finds no room
        assertEquals(4 * MS, bottleneck.queueDelayNanos());
        simulation.runUntil(SECOND);
        assertEquals(List.of("a@1000000", "b@2500000", "c@4000000"), seen);
        assertEquals(List.of(1L, 2L), numbers);
        assertEquals(3000, texts.deliveredBytes());
        assertEquals(3, longs.sent());
        assertEquals(2, longs.delivered());
        assertEquals(1, bottleneck.stats().droppedByQueue());
    }

    @Test
    void aBottleneckChangesForAll() {
        Bottleneck bottleneck = new Bottleneck(simulation, BARE, 1);
        LinkTrace trace = new LinkTrace();
        bottleneck.listen(trace.of("shared"));
        Bottleneck.Flow<String> flow = bottleneck.addFlow(s -> 7, seen::add);
        bottleneck.change(BARE.withLoss(1));
        flow.send("a");
        bottleneck.changeAt(MS, BARE);
        simulation.runUntil(MS);
        flow.send("b");
        simulation.runUntil(2 * MS);
        assertEquals(List.of("b"), seen);
        assertTrue(trace.toString().contains("0 shared lost #0 7\n"), trace::toString);
    }

    private Pipe<String> pipe(LinkConditions conditions) {
        return new Pipe<>(
                simulation,
                new Link<>(conditions, 1, payload -> 1000),
                payload -> seen.add(payload + "@" + simulation.now()));
    }
}
