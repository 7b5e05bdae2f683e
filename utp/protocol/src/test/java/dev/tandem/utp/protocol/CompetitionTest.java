package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.protocol.congestion.Cubic;
import dev.tandem.utp.protocol.congestion.LedbatPlusPlus;
import dev.tandem.utp.simulation.Bottleneck;
import dev.tandem.utp.simulation.CubicFlow;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import dev.tandem.utp.simulation.Pipe;
import dev.tandem.utp.simulation.Simulation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One bottleneck of 50 Mbit/s and 40 ms, and two who want it. */
class CompetitionTest {
    private static final long DELAY = 20 * MILLIS;
    private static final long RATE = 50_000_000;

    /** On a link without chance it is when a flow comes that makes one run differ from the next. */
    private static final long STAGGER = 37 * MILLIS;

    private static final double BDP_BYTES = RATE / 8 * 0.04;
    private static final ConnectionConfig LARGE_BUFFERS =
            ConnectionConfig.DEFAULT.withSendBufferBytes(16 << 20).withReceiveBufferBytes(16 << 20);

    private static Bottleneck bottleneck(Simulation simulation, double buffer, long seed) {
        LinkConditions conditions =
                LinkConditions.CLEAN.withDelay(DELAY).withRate(RATE).withQueue((long) (buffer * BDP_BYTES));
        return new Bottleneck(simulation, conditions, seed);
    }

    /** Bytes that two flows received in the same time. */
    private record Received(double first, double second) {
        double secondShare() {
            return second / (first + second);
        }

        double jain() {
            return (first + second) * (first + second) / (2 * (first * first + second * second));
        }

        double bitsPerSecond(double seconds) {
            return (first + second) * 8 / seconds;
        }
    }

    /** TCP with CUBIC begins, ours comes two seconds later, by the seed a little more; the first 30 s do not count. */
    private static Received besideCubic(double buffer, CongestionController.Factory controller, long seed) {
        Simulation simulation = new Simulation();
        Bottleneck bottleneck = bottleneck(simulation, buffer, seed);
        CubicFlow cubic = new CubicFlow(simulation);
        Bottleneck.Flow<CubicFlow.Segment> data =
                bottleneck.addFlow(CubicFlow.Segment::sizeBytes, cubic::handleSegment);
        Pipe<CubicFlow.Ack> acks = new Pipe<>(
                simulation, new Link<>(Paths.delay(DELAY), seed, CubicFlow.Ack::sizeBytes), cubic::handleAck);
        cubic.start(data::send, acks::send);
        simulation.runUntil(2 * SECONDS + seed * STAGGER);
        EngineFlow ours = flow(simulation, bottleneck, controller, seed);
        simulation.runUntil(30 * SECONDS);
        long oursBefore = ours.receivedBytes();
        long cubicBefore = cubic.deliveredBytes();
        simulation.runUntil(75 * SECONDS);
        return new Received(cubic.deliveredBytes() - cubicBefore, ours.receivedBytes() - oursBefore);
    }

    /** Two of ours, the second ten seconds later, by the seed a little more; the first 40 s do not count. */
    private static Received besideItsOwnKind(double buffer, CongestionController.Factory controller, long seed) {
        Simulation simulation = new Simulation();
        Bottleneck bottleneck = bottleneck(simulation, buffer, seed);
        EngineFlow first = flow(simulation, bottleneck, controller, seed);
        simulation.runUntil(10 * SECONDS + seed * STAGGER);
        EngineFlow second = flow(simulation, bottleneck, controller, seed + 100);
        simulation.runUntil(40 * SECONDS);
        long firstBefore = first.receivedBytes();
        long secondBefore = second.receivedBytes();
        simulation.runUntil(85 * SECONDS);
        return new Received(first.receivedBytes() - firstBefore, second.receivedBytes() - secondBefore);
    }

    private static EngineFlow flow(
            Simulation simulation, Bottleneck bottleneck, CongestionController.Factory controller, long seed) {
        ConnectionConfig config = LARGE_BUFFERS.withCongestionController(controller);
        return new EngineFlow(simulation, bottleneck, Paths.delay(DELAY), config, seed).start();
    }

    /** Scenario 32; the buffer in bandwidth-delay products. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 4})
    void bbrSharesWithCubic(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Received received = besideCubic(buffer, Bbr::new, seed);
            double share = received.secondShare();
            assertTrue(share >= 0.3 && share <= 0.65, "seed " + seed + ": our share is " + share);
            assertTrue(received.bitsPerSecond(45) > 0.92 * RATE, "seed " + seed + ": " + received);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 4})
    void bbrSharesWithALatecomer(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Received received = besideItsOwnKind(buffer, Bbr::new, seed);
            assertTrue(received.jain() >= 0.85, "seed " + seed + ": " + received + ", Jain " + received.jain());
            assertTrue(received.bitsPerSecond(45) > 0.92 * RATE, "seed " + seed + ": " + received);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 4})
    void cubicSharesWithCubic(double buffer) {
        double shares = 0;
        for (long seed = 1; seed <= 4; seed++) {
            Received received = besideCubic(buffer, Cubic::new, seed);
            shares += received.secondShare();
            assertTrue(received.bitsPerSecond(45) > 0.92 * RATE, "seed " + seed + ": " + received);
        }
        double share = shares / 4;
        assertTrue(share >= 0.3 && share <= 0.7, "seeds 1 to 4: our share is " + share + " on average");
    }

    /** Scenario 39. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 2, 4})
    void ledbatPlusPlusYieldsToCubic(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Received received = besideCubic(buffer, LedbatPlusPlus::new, seed);
            assertTrue(received.secondShare() <= 0.2, "seed " + seed + ": our share is " + received.secondShare());
        }
    }

    /** Scenario 39. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 2, 4})
    void ledbatPlusPlusSharesWithALatecomer(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Received received = besideItsOwnKind(buffer, LedbatPlusPlus::new, seed);
            assertTrue(received.jain() >= 0.9, "seed " + seed + ": " + received + ", Jain " + received.jain());
            assertTrue(received.bitsPerSecond(45) > 0.8 * RATE, "seed " + seed + ": " + received);
        }
    }
}
