package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a connection says that it can be read. */
class ReadinessTest {
    private static Pair connected(long seed) {
        Pair pair = new Pair(seed, Paths.delay(10 * MILLIS)).onAccept(Peer::pause);
        Peer client = pair.dial();
        pair.until(() -> client.connection.isEstablished() && pair.firstAccepted() != null, SECONDS);
        return pair;
    }

    private static long readable(Peer peer) {
        return peer.events.stream()
                .filter(kind -> kind == ConnectionEvent.Kind.READABLE)
                .count();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void isToldAgainAfterAReadThatTookAllThereWas(long seed) {
        Pair pair = connected(seed);
        ByteBuffer large = ByteBuffer.allocate(10_000);
        for (int round = 1; round <= 3; round++) {
            pair.clientPeer().send(100);
            pair.run(SECONDS);
            assertEquals(round, readable(pair.serverPeer()));
            assertEquals(100, pair.serverPeer().connection.read(large.clear()));
            assertFalse(pair.serverPeer().connection.isReadable());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void isToldOnceWhileBytesWait(long seed) {
        Pair pair = connected(seed);
        for (int round = 1; round <= 3; round++) {
            pair.clientPeer().send(100);
            pair.run(SECONDS);
            assertEquals(50, pair.serverPeer().connection.read(ByteBuffer.allocate(50)));
        }
        assertEquals(1, readable(pair.serverPeer()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theEndCanBeReadBehindTheLastByte(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().send(100).thenFinish();
        pair.run(SECONDS);
        Connection server = pair.serverPeer().connection;
        assertEquals(100, server.read(ByteBuffer.allocate(100)));
        assertTrue(server.isReadable());
        assertEquals(-1, server.read(ByteBuffer.allocate(100)));
        assertEquals(-1, server.read(ByteBuffer.allocate(100)));
        assertEquals(1, readable(pair.serverPeer()));
    }
}
