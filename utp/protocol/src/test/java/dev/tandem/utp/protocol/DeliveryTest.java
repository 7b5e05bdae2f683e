package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.simulation.LinkConditions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every byte arrives once and in order, whatever the network does, and both ends come to a clean end. */
class DeliveryTest {
    private static final long DELAY = 10 * MILLIS;

    /** Sends both ways, ends both ways, and demands that nothing is left behind. */
    private static Pair exchange(long seed, LinkConditions conditions, long up, long down, long limit) {
        Pair pair = new Pair(seed, conditions).onAccept(peer -> peer.send(down).thenFinish());
        Peer client = pair.dial().send(up).thenFinish();
        pair.until(() -> client.isFinishedCleanly() && client.received == down, limit);
        // A retried handshake leaves an attempt that was reset; the connection proper is the last.
        pair.until(
                () -> pair.accepted.get(pair.accepted.size() - 1).connection.closeReason() == CloseReason.FINISHED,
                limit);
        Peer server = pair.accepted.get(pair.accepted.size() - 1);
        assertEquals(up, server.received, "seed " + seed);
        assertTrue(server.ended && client.ended, "seed " + seed);
        pair.run(60 * SECONDS);
        assertEquals(0, pair.client.stats().connections(), "seed " + seed);
        assertEquals(0, pair.server.stats().connections(), "seed " + seed);
        return pair;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1_381, 1_382, 1_383, 1_000_000})
    void deliversAnyAmount(long bytes) {
        Pair pair = exchange(1, Paths.delay(DELAY), bytes, bytes / 2, 20 * SECONDS);
        assertEquals(0, pair.accepted.get(0).connection.stats().retransmissions());
    }

    @Test
    void survivesTheLossOfAnyOnePacketUpstream() {
        for (int n = 1; n <= 40; n++) {
            Pair pair = new Pair(n, Paths.delay(DELAY))
                    .onAccept(peer -> peer.send(5_000).thenFinish());
            Paths.dropNth(pair.toServer, n);
            finish(pair, 30_000, 5_000);
        }
    }

    @Test
    void survivesTheLossOfAnyOnePacketDownstream() {
        for (int n = 1; n <= 40; n++) {
            Pair pair = new Pair(n, Paths.delay(DELAY))
                    .onAccept(peer -> peer.send(30_000).thenFinish());
            Paths.dropNth(pair.toClient, n);
            finish(pair, 5_000, 30_000);
        }
    }

    @Test
    void survivesTheLossOfAnyTwoPackets() {
        for (int first = 1; first <= 12; first++) {
            for (int second = first + 1; second <= 13; second++) {
                Pair pair = new Pair(first, Paths.delay(DELAY))
                        .onAccept(peer -> peer.send(4_000).thenFinish());
                Paths.dropNth(pair.toServer, first);
                Paths.dropNth(pair.toServer, second);
                Paths.dropNth(pair.toClient, first);
                Paths.dropNth(pair.toClient, second);
                finish(pair, 4_000, 4_000);
            }
        }
    }

    private static void finish(Pair pair, long up, long down) {
        Peer client = pair.dial().send(up).thenFinish();
        pair.until(() -> client.isFinishedCleanly() && client.received == down, 30 * SECONDS);
        pair.until(() -> pair.accepted.get(pair.accepted.size() - 1).received == up, 30 * SECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void survivesRandomLoss(long seed) {
        exchange(seed, Paths.lossy(DELAY, 0.10), 400_000, 400_000, 300 * SECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesBursts(long seed) {
        exchange(seed, Paths.bursty(DELAY, 0.01, 10), 500_000, 500_000, 300 * SECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void survivesReorderingDuplicationAndLossTogether(long seed) {
        exchange(seed, Paths.hostile(DELAY), 400_000, 400_000, 300 * SECONDS);
    }

    /** 200,000 packets: the sequence numbers wrap three times. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void deliversAcrossWraps(long seed) {
        long bytes = 200_000L * 1_382;
        Pair pair = exchange(seed, Paths.reordering(MILLIS), bytes, 0, 600 * SECONDS);
        assertTrue(pair.packetsToServer > 200_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void carriesManyConnectionsOnOneEndpoint(long seed) {
        int count = 500;
        Pair pair = new Pair(seed, Paths.lossy(DELAY, 0.02))
                .onAccept(peer -> peer.send(5_000).thenFinish());
        for (int i = 0; i < count; i++) {
            pair.dial().send(5_000).thenFinish();
        }
        pair.run(120 * SECONDS);
        long complete = pair.accepted.stream()
                .filter(peer -> peer.isFinishedCleanly() && peer.received == 5_000)
                .count();
        assertEquals(count, complete);
        assertEquals(0, pair.client.stats().connections());
        assertEquals(0, pair.server.stats().connections());
    }
}
