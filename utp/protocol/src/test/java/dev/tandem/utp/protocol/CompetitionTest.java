package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
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
    private static final double BDP_BYTES = 50e6 / 8 * 0.04;
    private static final ConnectionConfig BBR = ConnectionConfig.DEFAULT
            .withSendBufferBytes(16 << 20)
            .withReceiveBufferBytes(16 << 20)
            .withCongestionController(Bbr::new);

    private static Bottleneck bottleneck(Simulation simulation, double buffer, long seed) {
        LinkConditions conditions =
                LinkConditions.CLEAN.withDelay(DELAY).withRate(50_000_000).withQueue((long) (buffer * BDP_BYTES));
        return new Bottleneck(simulation, conditions, seed);
    }

    /** Scenario 32; the buffer in bandwidth-delay products. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 4})
    void sharesWithCubic(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Simulation simulation = new Simulation();
            Bottleneck bottleneck = bottleneck(simulation, buffer, seed);
            CubicFlow cubic = new CubicFlow(simulation);
            Bottleneck.Flow<CubicFlow.Segment> data =
                    bottleneck.addFlow(CubicFlow.Segment::sizeBytes, cubic::handleSegment);
            Pipe<CubicFlow.Ack> acks = new Pipe<>(
                    simulation, new Link<>(Paths.delay(DELAY), seed, CubicFlow.Ack::sizeBytes), cubic::handleAck);
            cubic.start(data::send, acks::send);
            simulation.runUntil(2 * SECONDS);
            EngineFlow ours = new EngineFlow(simulation, bottleneck, Paths.delay(DELAY), BBR, seed).start();
            simulation.runUntil(30 * SECONDS);
            long oursBefore = ours.receivedBytes();
            long cubicBefore = cubic.deliveredBytes();
            simulation.runUntil(90 * SECONDS);
            double mine = ours.receivedBytes() - oursBefore;
            double theirs = cubic.deliveredBytes() - cubicBefore;
            double share = mine / (mine + theirs);
            assertTrue(share >= 0.3 && share <= 0.65, "seed " + seed + ": our share is " + share);
            assertTrue((mine + theirs) * 8 / 60 > 0.92 * 50e6, "seed " + seed + ": " + (mine + theirs) + " bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 4})
    void sharesWithALatecomerOfItsOwnKind(double buffer) {
        for (long seed = 1; seed <= 2; seed++) {
            Simulation simulation = new Simulation();
            Bottleneck bottleneck = bottleneck(simulation, buffer, seed);
            EngineFlow first = new EngineFlow(simulation, bottleneck, Paths.delay(DELAY), BBR, seed).start();
            simulation.runUntil(10 * SECONDS);
            EngineFlow second = new EngineFlow(simulation, bottleneck, Paths.delay(DELAY), BBR, seed + 100).start();
            simulation.runUntil(30 * SECONDS);
            long firstBefore = first.receivedBytes();
            long secondBefore = second.receivedBytes();
            simulation.runUntil(90 * SECONDS);
            double a = first.receivedBytes() - firstBefore;
            double b = second.receivedBytes() - secondBefore;
            double jain = (a + b) * (a + b) / (2 * (a * a + b * b));
            assertTrue(jain >= 0.85, "seed " + seed + ": " + a + " and " + b + " bytes, Jain " + jain);
            assertTrue((a + b) * 8 / 60 > 0.92 * 50e6, "seed " + seed + ": " + (a + b) + " bytes");
        }
    }
}
