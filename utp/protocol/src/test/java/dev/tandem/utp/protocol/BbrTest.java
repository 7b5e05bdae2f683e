package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.simulation.LinkConditions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the controller makes of a path: payload delivered in the second half of 11 s, and the queue that it holds. */
class BbrTest {
    private static final EndpointConfig CONFIG = EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT
            .withSendBufferBytes(32 << 20)
            .withReceiveBufferBytes(32 << 20)
            .withCongestionController(Bbr::new));

    private static LinkConditions path(double megabits, long rttMillis, long queueBytes, double loss) {
        return Paths.lossy(rttMillis * MILLIS / 2, loss)
                .withRate((long) (megabits * 1e6))
                .withQueue(queueBytes);
    }

    private static Pair begin(long seed, LinkConditions conditions) {
        return begin(seed, conditions, 2_000_000_000);
    }

    private static Pair begin(long seed, LinkConditions conditions, long bytes) {
        Pair pair = new Pair(seed, conditions, CONFIG, CONFIG);
        pair.dial().send(bytes);
        pair.run(SECONDS);
        return pair;
    }

    /** Scenarios 21 to 26; the last number is the share of the rate that must be payload. Headers and losses take theirs. */
    @ParameterizedTest
    @CsvSource({
        "100, 10, 500000, 0, 0.92",
        "100, 50, 625000, 0, 0.92",
        "50, 50, 312000, 0.01, 0.92",
        "20, 100, 250000, 0.02, 0.92",
        "50, 200, 1250000, 0, 0.92",
        "20, 100, 250000, 0.05, 0.87",
        "20, 100, 250000, 0.10, 0.82"
    })
    void fillsTheLink(double megabits, long rttMillis, long queueBytes, double loss, double share) {
        double rates = 0;
        for (long seed = 1; seed <= 3; seed++) {
            Pair pair = begin(seed, path(megabits, rttMillis, queueBytes, loss));
            pair.run(5 * SECONDS);
            long half = pair.serverPeer().received;
            pair.run(5 * SECONDS);
            rates += (pair.serverPeer().received - half) * 8 / 5.0 / 1e6;
        }
        double rate = rates / 3;
        assertTrue(rate >= share * megabits, "seeds 1 to 3: " + rate + " Mbit/s of " + megabits + " on average");
    }

    /** Twenty megabytes within 1.2 times what set-up, ramp and rate take. With more losses it is a lost SYN that decides. */
    @ParameterizedTest
    @CsvSource({
        "100, 10, 500000, 0",
        "100, 50, 625000, 0",
        "50, 50, 312000, 0.01",
        "20, 100, 250000, 0.02",
        "50, 200, 1250000, 0"
    })
    void completesSoon(double megabits, long rttMillis, long queueBytes, double loss) {
        double rate = megabits * 1e6 / 8;
        double rtt = rttMillis / 1e3;
        double ramp = Math.max(0, Math.log(rate * rtt / 14_000) / Math.log(2));
        double ideal = (1.5 + ramp) * rtt + 20e6 / rate;
        double times = 0;
        for (long seed = 1; seed <= 3; seed++) {
            Pair pair = begin(seed, path(megabits, rttMillis, queueBytes, loss), 20_000_000);
            double begun = pair.now - SECONDS;
            pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 20_000_000, 60 * SECONDS);
            times += (pair.now - begun) / SECONDS;
        }
        double time = times / 3;
        assertTrue(time <= 1.2 * ideal, "seeds 1 to 3: " + time + " s on average, ideal " + ideal);
    }

    /** Steady, a flow that is alone keeps next to no queue: what its probes make is gone most of the time. */
    @ParameterizedTest
    @CsvSource({"100, 10, 500000, 0", "100, 50, 625000, 0", "50, 50, 312000, 0.01", "50, 200, 1250000, 0"})
    void keepsNearlyNoQueue(double megabits, long rttMillis, long queueBytes, double loss) {
        Pair pair = begin(1, path(megabits, rttMillis, queueBytes, loss));
        pair.run(10 * SECONDS);
        double sum = 0;
        for (int i = 0; i < 1_000; i++) {
            pair.run(10 * MILLIS);
            sum += pair.toServer.queueDelayNanos(pair.now);
        }
        double mean = sum / 1_000 / MILLIS;
        assertTrue(mean <= 0.04 * rttMillis + 0.5, "seed 1: " + mean + " ms on average");
    }

    /** Scenario 31: a buffer of one second stays nearly empty. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void keepsAQueueShortThatCouldBeLong(long seed) {
        Pair pair = begin(seed, path(10, 40, 1_250_000, 0));
        pair.run(5 * SECONDS);
        long before = pair.serverPeer().received;
        List<Long> delaysMicros = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            pair.run(50 * MILLIS);
            delaysMicros.add(pair.clientPeer().connection.stats().queueingDelayMicros());
        }
        Collections.sort(delaysMicros);
        double rate = (pair.serverPeer().received - before) * 8 / 25.0 / 1e6;
        String figures = "seed " + seed + ": " + rate + " Mbit/s, queue " + delaysMicros.get(250) + " µs, at worst "
                + delaysMicros.get(475);
        assertTrue(rate >= 9, figures);
        assertTrue(delaysMicros.get(250) <= 15_000 && delaysMicros.get(475) <= 35_000, figures);
    }

    /** Delays that jump make the path look faster than it is, now and then: no queue may stand for that. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void keepsAQueueShortWhereDelaysJump(long seed) {
        Pair pair = begin(seed, path(10, 40, 1_250_000, 0).withJitter(15 * MILLIS));
        pair.run(2 * SECONDS);
        long before = pair.serverPeer().received;
        double sum = 0;
        for (int i = 0; i < 600; i++) {
            pair.run(10 * MILLIS);
            sum += pair.toServer.queueDelayNanos(pair.now);
        }
        double mean = sum / 600 / MILLIS;
        double rate = (pair.serverPeer().received - before) * 8 / 6.0 / 1e6;
        assertTrue(mean <= 10 && rate >= 9, "seed " + seed + ": " + mean + " ms, " + rate + " Mbit/s");
    }

    /** Whatever ended startup early, or kept the path slow: what it takes is found in a few seconds, and not in half a minute. */
    @ParameterizedTest
    @CsvSource({"50, 50, 0", "50, 50, 0.01", "20, 100, 0", "10, 40, 0"})
    void findsOutSoonThatThePathBecameFaster(double megabits, long rttMillis, double loss) {
        long queueBytes = (long) (megabits * rttMillis * 125);
        Pair pair = begin(1, path(megabits / 25, rttMillis, queueBytes, loss));
        pair.run(SECONDS);
        LinkConditions faster = path(megabits, rttMillis, queueBytes, loss);
        pair.toServer.change(pair.now, faster);
        pair.toClient.change(pair.now, faster);
        pair.run(4 * SECONDS);
        long before = pair.serverPeer().received;
        pair.run(SECONDS);
        double rate = (pair.serverPeer().received - before) * 8 / 1e6;
        assertTrue(rate >= 0.8 * megabits, "seed 1: " + rate + " Mbit/s of " + megabits);
    }

    /** Scenario 33: what a trickle of cells delivers is no measure of the path. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesNoTrickleForTheRateOfThePath(long seed) {
        Pair pair = begin(seed, path(50, 50, 312_000, 0), 0);
        for (int i = 0; i < 2_000; i++) {
            pair.clientPeer().send(514);
            pair.run(4 * MILLIS);
        }
        long before = pair.serverPeer().received;
        pair.clientPeer().send(1_000_000_000);
        pair.run(500 * MILLIS);
        long rampUp = pair.serverPeer().received;
        pair.run(250 * MILLIS);
        double rate = (pair.serverPeer().received - rampUp) * 8 / 0.25 / 1e6;
        assertTrue(rampUp > before && rate > 40, "seed " + seed + ": " + rate + " Mbit/s after ten round trips");
    }

    /** Who mostly receives sends little, and loses some of it: that says as little of the path as its rate does. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void takesNoLossOfATrickleForCongestion(long seed) {
        Pair pair = begin(seed, path(20, 50, 125_000, 0.03), 0);
        for (int i = 0; i < 150; i++) {
            pair.clientPeer().send(60);
            pair.run(20 * MILLIS);
        }
        pair.clientPeer().send(1_000_000_000);
        pair.run(SECONDS);
        long before = pair.serverPeer().received;
        pair.run(SECONDS);
        double rate = (pair.serverPeer().received - before) * 8 / 1e6;
        assertTrue(rate >= 0.8 * 20, "seed " + seed + ": " + rate + " Mbit/s in the second second");
    }

    /** One small packet shows next to no bandwidth: it may not set the pace of what comes behind it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void beginsAtFullSpeedBehindASmallPacket(int messages) {
        Pair pair = begin(1, path(50, 200, 1_250_000, 0), 0);
        for (int i = 0; i < messages; i++) {
            pair.clientPeer().send(77);
            pair.run(250 * MILLIS);
        }
        pair.clientPeer().send(1_000_000_000);
        pair.run(1_200 * MILLIS);
        long ramp = pair.serverPeer().received;
        // Five round trips of doubling from ten packets, and one way.
        assertTrue(ramp > 300_000, ramp + " bytes in six round trips");
    }

    /** Scenario 34: after two seconds without a path the rate is back within five round trips. */
    @ParameterizedTest
    @ValueSource(longs = {125, 250})
    void remembersThePathAfterAnOutage(long rttMillis) {
        Pair pair = begin(1, path(20, rttMillis, 20 * rttMillis * 125, 0));
        pair.run(10 * SECONDS);
        Paths.cut(pair, pair.toServer);
        Paths.cut(pair, pair.toClient);
        pair.run(2 * SECONDS);
        Paths.mend(pair, pair.toServer);
        Paths.mend(pair, pair.toClient);
        long before = pair.serverPeer().received;
        pair.until(() -> pair.serverPeer().received > before, 20 * SECONDS);
        pair.run(5 * rttMillis * MILLIS);
        long back = pair.serverPeer().received;
        pair.run(SECONDS);
        double rate = (pair.serverPeer().received - back) * 8 / 1e6;
        assertTrue(rate >= 0.8 * 20, rate + " Mbit/s");
    }
}
