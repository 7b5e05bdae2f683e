package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.congestion.Ledbat;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A long life on a path that changes again and again, for the worse and for the better, with traffic now and then: not a byte
 * may be lost, and both ends must end in order. {@code mvn -Psoak} tries ten thousand seeds.
 */
class SoakTest {
    private static final int SEEDS = Integer.getInteger("tandem.soak.seeds", 100);
    private static final long LIFE = Long.getLong("tandem.soak.seconds", 3_600) * SECONDS;
    private static final long FIRST_SEED = Long.getLong("tandem.soak.first", 1);

    /**
     * Much longer than any outage here: a burst of losses lasts for a number of packets, and hardly any are sent when all that
     * is left is one packet each sixteen seconds.
     */
    private static final long GIVE_UP = 3_600 * SECONDS;

    private static final long MAX_OUTAGE_MILLIS = 20_000;

    @Test
    @Timeout(7_200)
    void survivesWhateverThePathBecomes() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            try {
                live(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void live(long seed) {
        Random random = new Random(seed);
        int buffer = 16_384 << random.nextInt(6);
        EndpointConfig config = EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT
                .withGiveUpNanos(GIVE_UP)
                .withCongestionController(seed % 2 == 0 ? Ledbat::new : Bbr::new)
                .withReceiveBufferBytes(buffer)
                .withSendBufferBytes(buffer));
        Pair pair = new Pair(seed, Paths.delay(20 * MILLIS), config, config);
        Peer client = pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, 30 * SECONDS);
        Peer server = pair.serverPeer();
        long end = pair.now + LIFE;
        while (pair.now < end) {
            switch (random.nextInt(6)) {
                case 0 -> client.send(random.nextInt(100_000));
                case 1 -> server.send(random.nextInt(100_000));
                case 2 -> change(pair, pair.toServer, random);
                case 3 -> change(pair, pair.toClient, random);
                case 4 -> outage(pair, random);
                default -> {
                    Peer reader = random.nextBoolean() ? client : server;
                    reader.pause();
                    pair.run(random.nextInt(30_000) * MILLIS);
                    reader.resume();
                }
            }
            pair.run(random.nextInt(20_000) * MILLIS);
        }
        pair.toServer.change(pair.now, Paths.delay(20 * MILLIS));
        pair.toClient.change(pair.now, Paths.delay(20 * MILLIS));
        client.thenFinish();
        server.thenFinish();
        pair.until(() -> client.connection.closeReason() != null && server.connection.closeReason() != null, GIVE_UP);
        assertTrue(
                client.isFinishedCleanly() && server.isFinishedCleanly(), client.connection + " " + server.connection);
        assertEquals(client.sent, server.received);
        assertEquals(server.sent, client.received);
        pair.run(60 * SECONDS);
        assertEquals(0, pair.client.stats().connections() + pair.server.stats().connections());
        assertEquals(Endpoint.NO_TIMEOUT, pair.client.pollTimeout());
        assertEquals(Endpoint.NO_TIMEOUT, pair.server.pollTimeout());
    }

    private static void outage(Pair pair, Random random) {
        boolean both = random.nextBoolean();
        if (both || random.nextBoolean()) {
            Paths.cut(pair, pair.toServer);
        }
        if (both || random.nextBoolean()) {
            Paths.cut(pair, pair.toClient);
        }
        pair.run(random.nextInt((int) MAX_OUTAGE_MILLIS) * MILLIS);
        Paths.mend(pair, pair.toServer);
        Paths.mend(pair, pair.toClient);
    }

    private static void change(Pair pair, Link<Datagram> link, Random random) {
        LinkConditions conditions = Paths.delay(random.nextInt(300) * MILLIS);
        if (random.nextInt(2) == 0) {
            conditions = conditions.withLoss(random.nextInt(15) / 100.0);
        }
        if (random.nextInt(4) == 0) {
            conditions = conditions.withBurstLoss(0.02, 0.3, 1);
        }
        if (random.nextInt(3) == 0) {
            conditions = conditions.withReordering(0.1, random.nextInt(100) * MILLIS);
        }
        if (random.nextInt(3) == 0) {
            conditions = conditions.withDuplication(0.05, random.nextInt(100) * MILLIS);
        }
        if (random.nextInt(2) == 0) {
            conditions = conditions.withRate(200_000L << random.nextInt(8)).withQueue(20_000 << random.nextInt(5));
        }
        link.change(pair.now, conditions);
    }
}
