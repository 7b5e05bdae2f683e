package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether the model competitor behaves as TCP does. */
class CubicFlowTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1000 * MS;
    private static final long RATE = 50_000_000;
    private static final long RTT_NANOS = 50 * MS;
    private static final long BDP_BYTES = RATE / 8 / 20;
    private static final LinkConditions CLEAN =
            LinkConditions.CLEAN.withRate(RATE).withDelay(RTT_NANOS / 2).withQueue(BDP_BYTES);

    private final Simulation simulation = new Simulation();

    @Test
    void fillsACleanLink() {
        CubicFlow flow = start(new Bottleneck(simulation, CLEAN, 1), LinkConditions.CLEAN, 2);
        simulation.runUntil(30 * SECOND);
        assertMbits(45, 50, flow);
        assertEquals(0, flow.timeouts());
    }

    @Test
    void reducesToBetaAndReturnsToWhereItWas() {
        CubicFlow flow = start(new Bottleneck(simulation, CLEAN, 1), LinkConditions.CLEAN, 2);
        simulation.runUntil(10 * SECOND);
        long low = Long.MAX_VALUE;
        long high = 0;
        for (int i = 0; i < 4000; i++) {
            simulation.runUntil(simulation.now() + 5 * MS);
            low = Math.min(low, flow.windowBytes());
            high = Math.max(high, flow.windowBytes());
        }
        assertEquals(0.7, low / (double) high, 0.03, low + " to " + high);
        // Path and queue together hold two bandwidth-delay products.
        assertEquals(2.0 * BDP_BYTES * 1448 / 1500, (double) high, 0.05 * high);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomLossKeepsItSlow(long seed) {
        CubicFlow flow = start(new Bottleneck(simulation, CLEAN.withLoss(0.01), seed), LinkConditions.CLEAN, seed);
        simulation.runUntil(60 * SECOND);
        // The Reno-friendly region: 1.2 / sqrt(0.01) segments in each round trip are 2.8 Mbit/s.
        assertMbits(1.8, 4, flow, "seed " + seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void twoFlowsShare(long seed) {
        Bottleneck bottleneck = new Bottleneck(simulation, CLEAN, seed);
        CubicFlow first = start(bottleneck, LinkConditions.CLEAN, 10 * seed);
        simulation.runUntil(seed * SECOND);
        CubicFlow second = start(bottleneck, LinkConditions.CLEAN, 10 * seed + 1);
        simulation.runUntil(60 * SECOND);
        long firstBefore = first.deliveredBytes();
        long secondBefore = second.deliveredBytes();
        simulation.runUntil(180 * SECOND);
        double share = first.deliveredBytes() - firstBefore;
        double total = share + second.deliveredBytes() - secondBefore;
        assertTrue(total * 8 / 120 > 45e6, "seed " + seed + ": " + total);
        assertEquals(0.5, share / total, 0.15, "seed " + seed);
    }

    @Test
    void aDeadPathTimesOutAndRecovers() {
        Bottleneck bottleneck = new Bottleneck(simulation, CLEAN, 1);
        CubicFlow flow = start(bottleneck, LinkConditions.CLEAN, 1);
        simulation.runUntil(5 * SECOND);
        bottleneck.change(CLEAN.withLoss(1));
        bottleneck.changeAt(8 * SECOND, CLEAN);
        simulation.runUntil(8 * SECOND);
        assertTrue(flow.timeouts() >= 3 && flow.timeouts() <= 4, () -> "timeouts: " + flow.timeouts());
        long before = flow.deliveredBytes();
        simulation.runUntil(18 * SECOND);
        assertTrue((flow.deliveredBytes() - before) * 8 / 10 > 35_000_000, () -> "" + flow.deliveredBytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everythingArrivesThroughABadPath(long seed) {
        LinkConditions bad = LinkConditions.CLEAN
                .withDelay(20 * MS)
                .withReorderingJitter(10 * MS)
                .withLoss(0.1)
                .withBurstLoss(0.01, 0.3, 1)
                .withDuplication(0.1, 5 * MS);
        CubicFlow flow = start(new Bottleneck(simulation, bad, seed), bad, seed);
        simulation.runUntil(60 * SECOND);
        flow.stop();
        long delivered = flow.deliveredBytes();
        simulation.runUntil(200 * SECOND);
        long atEnd = flow.deliveredBytes();
        assertTrue(atEnd >= delivered && delivered > 500_000, "seed " + seed + ": " + delivered);
        simulation.runUntil(400 * SECOND);
        assertEquals(atEnd, flow.deliveredBytes(), "seed " + seed);
        assertEquals(0, flow.unackedBytes(), "seed " + seed);
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        String trace = traceOf(5);
        assertEquals(trace, traceOf(5));
        assertNotEquals(trace, traceOf(6));
    }

    @Test
    void startsOnce() {
        CubicFlow flow = start(new Bottleneck(simulation, CLEAN, 1), LinkConditions.CLEAN, 1);
        assertThrows(IllegalStateException.class, () -> flow.start(segment -> {}, ack -> {}));
    }

    private static String traceOf(long seed) {
        Simulation simulation = new Simulation();
        LinkTrace trace = new LinkTrace();
        Bottleneck bottleneck = new Bottleneck(simulation, CLEAN.withLoss(0.01), seed);
        bottleneck.listen(trace.of("data"));
        start(simulation, bottleneck, LinkConditions.CLEAN.withLoss(0.01), seed + 1);
        start(simulation, bottleneck, LinkConditions.CLEAN.withJitter(MS), seed + 2);
        simulation.runUntil(5 * SECOND);
        return trace.toString();
    }

    private CubicFlow start(Bottleneck bottleneck, LinkConditions back, long seed) {
        return start(simulation, bottleneck, back, seed);
    }

    private static CubicFlow start(Simulation simulation, Bottleneck bottleneck, LinkConditions back, long seed) {
        CubicFlow flow = new CubicFlow(simulation);
        Bottleneck.Flow<CubicFlow.Segment> data = bottleneck.addFlow(CubicFlow.Segment::sizeBytes, flow::handleSegment);
        Link<CubicFlow.Ack> acks = new Link<>(back.withDelay(RTT_NANOS / 2), seed, CubicFlow.Ack::sizeBytes);
        flow.start(data::send, new Pipe<>(simulation, acks, flow::handleAck)::send);
        return flow;
    }

    private static void assertMbits(double low, double high, CubicFlow flow, String... where) {
        double mbits = flow.goodputBitsPerSecond() / 1e6;
        assertTrue(mbits >= low && mbits <= high, () -> String.join("", where) + ": " + mbits + " Mbit/s");
    }
}
