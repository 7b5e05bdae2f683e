package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.protocol.congestion.Ledbat;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.simulation.LinkConditions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole engine on paths that swallow what is too large for them. */
class MtuDiscoveryTest {
    private static final int OVERHEAD_BYTES = LinkConditions.IPV4_UDP_OVERHEAD_BYTES;

    private static EndpointConfig config(CongestionController.Factory controller) {
        return EndpointConfig.DEFAULT
                .withDontFragment(true)
                .withConnection(ConnectionConfig.DEFAULT
                        .withSendBufferBytes(8 << 20)
                        .withReceiveBufferBytes(8 << 20)
                        .withCongestionController(controller));
    }

    private static LinkConditions path(int datagramBytes) {
        return Paths.delay(20 * MILLIS).withRate(20_000_000).withQueue(200_000).withMtu(datagramBytes + OVERHEAD_BYTES);
    }

    private static Pair begin(long seed, LinkConditions path, CongestionController.Factory controller) {
        EndpointConfig config = config(controller);
        Pair pair = new Pair(seed, path, config, config);
        pair.dial().send(1_000_000_000);
        return pair;
    }

    private static long datagramBytes(Pair pair) {
        return pair.clientPeer().connection.stats().datagramBytes();
    }

    /** Scenario 28. */
    @ParameterizedTest
    @CsvSource({"1472, 1472", "1464, 1464", "1463, 1452", "1392, 1392", "1300, 1232", "1232, 1232"})
    void findsWhatPasses(int passing, int expected) {
        for (long seed = 1; seed <= 3; seed++) {
            Pair pair = begin(seed, path(passing), Bbr::new);
            pair.run(SECONDS);
            double leastRate = Double.MAX_VALUE;
            for (int second = 0; second < 8; second++) {
                long before = pair.serverPeer().received;
                pair.run(SECONDS);
                leastRate = Math.min(leastRate, (pair.serverPeer().received - before) * 8 / 1e6);
            }
            ConnectionStats stats = pair.clientPeer().connection.stats();
            assertEquals(expected, datagramBytes(pair), "seed " + seed);
            assertTrue(leastRate >= 0.8 * 20, "seed " + seed + ": " + leastRate + " Mbit/s in the worst second");
            assertEquals(0, stats.timeouts(), "seed " + seed);
        }
    }

    /** Scenario 29. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesAPathThatBecomesNarrower(long seed) {
        Pair pair = begin(seed, path(1_472), Bbr::new);
        pair.run(3 * SECONDS);
        assertEquals(1_472, datagramBytes(pair));
        pair.toServer.change(pair.now, path(1_400));
        pair.run(2 * SECONDS);
        long before = pair.serverPeer().received;
        pair.run(SECONDS);
        double rate = (pair.serverPeer().received - before) * 8 / 1e6;
        assertTrue(rate >= 0.8 * 20, "seed " + seed + ": " + rate + " Mbit/s in the third second");
        pair.run(10 * SECONDS);
        assertEquals(1_392, datagramBytes(pair), "seed " + seed);
    }

    /** Small packets that pass keep the timer quiet while the large ones vanish. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noticesThatOnlySmallPacketsPass(long seed) {
        EndpointConfig config = config(Bbr::new);
        Pair pair = new Pair(seed, path(1_472), config, config);
        Peer peer = pair.dial().send(2_000_000);
        pair.until(() -> peer.sent == 2_000_000 && peer.connection.stats().bytesInFlight() == 0, 5 * SECONDS);
        assertEquals(1_472, datagramBytes(pair));
        pair.toServer.change(pair.now, path(1_300));
        for (int i = 0; i < 40; i++) {
            peer.send(i % 4 == 0 ? 1_452 : 100);
            pair.run(50 * MILLIS);
        }
        pair.until(() -> pair.serverPeer().received == peer.sent, 3 * SECONDS);
        assertEquals(1_232, datagramBytes(pair), "seed " + seed);
    }

    /** Scenario 30: a probe lost by chance costs a retransmission and nothing else. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aLostProbeIsNoCongestion(long seed) {
        int[] lost = {0};
        // Room enough that nothing is lost to congestion.
        Pair pair = begin(seed, path(1_472).withQueue(10_000_000), Ledbat::new);
        Paths.dropWhile(pair.toServer, datagram -> {
            boolean isProbe = datagram.sizeBytes() > 1_232 && lost[0] < 2;
            lost[0] += isProbe ? 1 : 0;
            return isProbe;
        });
        long window = 0;
        for (int i = 0; i < 300; i++) {
            pair.run(10 * MILLIS);
            long now = pair.clientPeer().connection.stats().windowBytes();
            if (datagramBytes(pair) == 1_232) {
                assertTrue(now >= window * 0.9, "seed " + seed + ": window cut from " + window + " to " + now);
                window = now;
            }
        }
        assertEquals(2, lost[0]);
        assertEquals(1_472, datagramBytes(pair), "seed " + seed);
        assertEquals(2, pair.clientPeer().connection.stats().retransmissions(), "seed " + seed);
    }

    /** Padding is for the path alone: the reader gets the same bytes, and each probe carries data as well. */
    @Test
    void probesCarryData() {
        int[] probes = {0};
        Pair pair = begin(1, path(1_472), Bbr::new);
        pair.tapServer(datagram -> {
            if (datagram.sizeBytes() > 1_232 && datagram.bytes()[1] == 2) {
                probes[0]++;
                assertEquals(PacketType.DATA, datagram.packet().type());
                assertTrue(datagram.packet().payload().remaining() > 1_000);
            }
        });
        pair.run(2 * SECONDS);
        assertEquals(5, probes[0]);
        assertEquals(1_472, datagramBytes(pair));
    }

    @Test
    void nothingIsTriedWhereDfIsNotSet() {
        Pair pair = new Pair(1, path(1_472));
        pair.dial().send(5_000_000);
        pair.run(3 * SECONDS);
        assertEquals(1_402, datagramBytes(pair));
    }
}
