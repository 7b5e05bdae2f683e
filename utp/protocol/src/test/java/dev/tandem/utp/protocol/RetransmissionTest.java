package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.protocol.congestion.Ledbat;
import dev.tandem.utp.protocol.wire.PacketType;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How soon a lost packet is sent again, and how little else is. */
class RetransmissionTest {
    private static final long RTT = 100 * MILLIS;

    private static Pair connected(long seed, EndpointConfig config) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2), config, config);
        pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, SECONDS);
        pair.run(SECONDS);
        return pair;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void sendsAgainWithinTwoRoundTripsAndOnlyWhatIsLost(int which) {
        Pair pair = connected(1, EndpointConfig.DEFAULT);
        int[] count = {0};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.DATA && count[0]++ == which);
        long start = pair.now;
        pair.clientPeer().send(10 * 1_382);
        pair.until(() -> pair.serverPeer().received == 1 + 10 * 1_382, 5 * SECONDS);
        long took = pair.now - start;
        assertTrue(took <= 2 * RTT, took / MILLIS + " ms");
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertEquals(1, stats.retransmissions());
        assertEquals(0, stats.timeouts());
    }

    /** Scenario 27. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void probesForALostLastPacket(long seed) {
        Pair pair = connected(seed, EndpointConfig.DEFAULT);
        int[] count = {0};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.DATA && count[0]++ == 0);
        long start = pair.now;
        pair.clientPeer().send(500);
        pair.until(() -> pair.serverPeer().received == 501, 5 * SECONDS);
        long took = pair.now - start;
        assertTrue(took <= 3 * RTT, took / MILLIS + " ms");
        assertEquals(0, pair.clientPeer().connection.stats().timeouts());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void findsALostRetransmissionWithoutATimeout(long seed) {
        Pair pair = connected(seed, EndpointConfig.DEFAULT);
        int[] seqNr = {-1};
        int[] drops = {2};
        Paths.dropWhile(pair.toServer, datagram -> {
            if (datagram.packet().type() != PacketType.DATA) {
                return false;
            }
            if (seqNr[0] < 0) {
                seqNr[0] = datagram.packet().seqNr();
            }
            return datagram.packet().seqNr() == seqNr[0] && drops[0]-- > 0;
        });
        pair.clientPeer().send(300_000);
        pair.until(() -> pair.serverPeer().received == 300_001, 10 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertEquals(2, stats.retransmissions());
        assertEquals(0, stats.timeouts());
    }

    /** Scenario 20. */
    @Test
    void takesManyLossesInOneWindowForOneSignOfCongestion() {
        int[] episodes = {0};
        CongestionController.Factory counting = maxPacketBytes -> new CountingController(maxPacketBytes, episodes);
        Pair pair = connected(
                4, EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT.withCongestionController(counting)));
        int[] count = {0};
        Paths.dropWhile(pair.toServer, datagram -> {
            boolean data = datagram.packet().type() == PacketType.DATA;
            return data && count[0]++ < 40 && count[0] % 4 == 1;
        });
        pair.clientPeer().send(60 * 1_382);
        pair.until(() -> pair.serverPeer().received == 1 + 60 * 1_382, 10 * SECONDS);
        assertEquals(10, pair.clientPeer().connection.stats().losses());
        assertEquals(1, episodes[0]);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void backsOffWhenNothingComesBack(long seed) {
        Pair pair = connected(seed, EndpointConfig.DEFAULT);
        Paths.cut(pair, pair.toServer);
        pair.clientPeer().send(500);
        long before = pair.client.stats().datagramsSent();
        pair.run(25 * SECONDS);
        long sent = pair.client.stats().datagramsSent() - before;
        // The packet, its probe, and timeouts at 0.25 s doubled up to 16 s.
        assertTrue(sent >= 6 && sent <= 10, sent + " packets in 25 s");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void recoversWhenThePathComesBack(long seed) {
        Pair pair = connected(seed, EndpointConfig.DEFAULT);
        pair.clientPeer().send(3_000_000);
        pair.run(500 * MILLIS);
        Paths.cut(pair, pair.toServer);
        pair.run(2 * SECONDS);
        Paths.mend(pair, pair.toServer);
        pair.until(() -> pair.serverPeer().received == 3_000_001, 60 * SECONDS);
    }

    /** Scenario 37, up to a quarter of the round trip late. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void doesNotSendAgainWhatIsOnlyReordered(long seed) {
        Pair pair = new Pair(seed, Paths.reordering(RTT / 2));
        Peer client = pair.dial().send(5_000_000).thenFinish();
        pair.until(() -> client.connection.stats().bytesAcknowledged() == 5_000_000, 300 * SECONDS);
        ConnectionStats stats = client.connection.stats();
        assertTrue(stats.retransmissions() < 10, "seed " + seed + ": " + stats.retransmissions());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void learnsHowLatePacketsCome(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2).withReordering(0.05, RTT * 3 / 4));
        Peer client = pair.dial().send(5_000_000).thenFinish();
        pair.until(() -> client.connection.stats().bytesAcknowledged() == 5_000_000, 300 * SECONDS);
        ConnectionStats stats = client.connection.stats();
        assertTrue(stats.retransmissions() < 40, "seed " + seed + ": " + stats.retransmissions());
    }

    /** Scenario 19. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void threeHundredLossesInARowNeedNoTimeout(long seed) {
        Pair pair = new Pair(seed, Paths.delay(100 * MILLIS), fixedWindow(900 * 1_402), fixedWindow(900 * 1_402));
        pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, SECONDS);
        int[] count = {0};
        Paths.dropWhile(pair.toServer, datagram -> {
            boolean data = datagram.packet().type() == PacketType.DATA;
            return data && count[0]++ >= 200 && count[0] <= 500;
        });
        pair.clientPeer().send(2_000 * 1_382);
        pair.until(() -> pair.serverPeer().received == 1 + 2_000 * 1_382, 10 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertEquals(300, stats.losses(), "seed " + seed + ": " + stats);
        assertEquals(300, stats.retransmissions(), "seed " + seed + ": " + stats);
        assertEquals(0, stats.timeouts(), "seed " + seed + ": " + stats);
    }

    /** Scenario 36: the engine counts a packet as sent when the socket took it, not when it was written. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aSocketThatRefusesForAWhileIsNoLoss(long seed) {
        Pair pair = connected(seed, fixedWindow(100_000));
        pair.clientPeer().send(3_000_000);
        pair.run(300 * MILLIS);
        for (int i = 0; i < 3; i++) {
            pair.blockClient(true);
            pair.run(2 * SECONDS);
            pair.blockClient(false);
            pair.run(200 * MILLIS);
        }
        pair.until(() -> pair.serverPeer().received == 3_000_001, 60 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertEquals(0, stats.losses(), "seed " + seed + ": " + stats);
        assertEquals(0, stats.retransmissions(), "seed " + seed + ": " + stats);
        assertEquals(0, stats.timeouts(), "seed " + seed + ": " + stats);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void knowsWhatItSentAgainForNothing(long seed) {
        int[] undone = {0};
        Pair pair = connected(seed, countingUndone(undone));
        pair.clientPeer().send(2_000_000);
        pair.run(300 * MILLIS);
        // The path gets longer all of a sudden, but loses nothing.
        pair.toServer.change(pair.now, Paths.delay(600 * MILLIS));
        pair.until(() -> pair.serverPeer().received == 2_000_001, 300 * SECONDS);
        pair.run(5 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertTrue(stats.retransmissions() > 0, "seed " + seed);
        assertTrue(
                stats.spurious() > 0 && stats.spurious() <= stats.retransmissions() + stats.losses(),
                "seed " + seed + ": " + stats);
        assertEquals(pair.serverPeer().connection.stats().duplicates() > 0, stats.spurious() > 0, "seed " + seed);
        assertTrue(undone[0] > 0, "seed " + seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesNoRealLossForAMistake(long seed) {
        int[] undone = {0};
        EndpointConfig config = countingUndone(undone);
        Pair pair = new Pair(seed, Paths.lossy(RTT / 2, 0.02), config, config);
        Peer client = pair.dial().send(3_000_000).thenFinish();
        pair.until(() -> client.connection.stats().bytesAcknowledged() == 3_000_000, 600 * SECONDS);
        ConnectionStats stats = client.connection.stats();
        assertTrue(stats.losses() > 20, "seed " + seed + ": " + stats);
        assertEquals(0, stats.timeouts(), "seed " + seed + ": " + stats);
        assertEquals(0, undone[0], "seed " + seed);
        // Where an acknowledgement was lost a probe may be for nothing, which is a mistake indeed.
        long duplicates = pair.serverPeer().connection.stats().duplicates();
        assertTrue(stats.spurious() <= duplicates, "seed " + seed + ": " + duplicates + " duplicates, " + stats);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesNoSelectiveAckFromAPacketThatWasOvertaken(long seed) {
        Pair pair = connected(seed, EndpointConfig.DEFAULT);
        Connection client = pair.clientPeer().connection;
        Paths.cut(pair, pair.toServer);
        pair.clientPeer().send(5 * 1_382);
        pair.run(MILLIS);
        // Acknowledges the second packet before the first one sent now, and from there the first one of now.
        Datagram old = Packets.selectiveAck(
                client.receiveId(), client.ackNr() + 1, client.nextSeqNr() - 8, new byte[] {(byte) 0xff, 0, 0, 0});
        long inFlight = client.stats().bytesInFlight();
        assertTrue(inFlight > 5 * 1_382);
        pair.client.handleDatagram(pair.now, Pair.SERVER, ByteBuffer.wrap(old.bytes()));
        assertEquals(inFlight, client.stats().bytesInFlight());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void staysWithinTheWindow(long seed) {
        Pair pair = connected(seed, fixedWindow(20_000));
        pair.clientPeer().send(1_000_000);
        long[] most = {0};
        pair.tapServer(datagram ->
                most[0] = Math.max(most[0], pair.clientPeer().connection.stats().bytesInFlight()));
        pair.until(() -> pair.serverPeer().received == 1_000_001, 60 * SECONDS);
        assertTrue(most[0] <= 20_000 && most[0] > 15_000, most[0] + " bytes in flight");
    }

    private static EndpointConfig fixedWindow(long bytes) {
        CongestionController.Factory fixed = maxPacketBytes -> new FixedController(bytes);
        return EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT.withCongestionController(fixed));
    }

    private static EndpointConfig countingUndone(int[] undone) {
        CongestionController.Factory counting = maxPacketBytes -> new FixedController(50_000) {
            @Override
            public void onSpuriousLosses(long nowNanos) {
                undone[0]++;
            }
        };
        return EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT.withCongestionController(counting));
    }

    private static final class CountingController implements CongestionController {
        private final Ledbat ledbat;
        private final int[] episodes;

        CountingController(int maxPacketBytes, int[] episodes) {
            this.ledbat = new Ledbat(100 * maxPacketBytes);
            this.episodes = episodes;
        }

        @Override
        public void onAcknowledgement(Acknowledgement acknowledgement) {
            ledbat.onAcknowledgement(acknowledgement);
        }

        @Override
        public void onLossEpisode(long nowNanos) {
            episodes[0]++;
        }

        @Override
        public void onTimeout(long nowNanos) {
            throw new AssertionError("a timeout");
        }

        @Override
        public long windowBytes() {
            return ledbat.windowBytes();
        }
    }
}
