package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FIN in each direction by itself, RESET, and giving up. */
class CloseTest {
    private static final long DELAY = 25 * MILLIS;

    private static Pair connected(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY));
        Peer client = pair.dial();
        pair.until(
                () -> client.connection.isEstablished()
                        && pair.firstAccepted() != null
                        && pair.serverPeer().connection.isEstablished(),
                SECONDS);
        return pair;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void endsWithoutData(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().thenFinish();
        pair.serverPeer().thenFinish();
        pair.run(SECONDS);
        assertTrue(pair.clientPeer().ended && pair.serverPeer().ended);
        assertTrue(pair.clientPeer().isFinishedCleanly() && pair.serverPeer().isFinishedCleanly());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void goesOnInTheOtherDirection(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().thenFinish();
        pair.until(() -> pair.serverPeer().ended, SECONDS);
        pair.serverPeer().send(10_000_000);
        pair.until(() -> pair.clientPeer().received == 10_000_000, 300 * SECONDS);
        assertFalse(pair.clientPeer().ended);
        pair.serverPeer().thenFinish();
        pair.run(SECONDS);
        assertTrue(pair.clientPeer().ended);
        assertTrue(pair.clientPeer().isFinishedCleanly() && pair.serverPeer().isFinishedCleanly());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void repeatsAFinThatIsLostThreeTimes(long seed) {
        Pair pair = connected(seed);
        int[] drops = {3};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.FIN && drops[0]-- > 0);
        pair.clientPeer().send(1_000).thenFinish();
        pair.until(() -> pair.serverPeer().ended, 20 * SECONDS);
        assertEquals(1_000, pair.serverPeer().received);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void answersARepeatedFinAfterBothHaveEnded(long seed) {
        Pair pair = connected(seed);
        pair.serverPeer().thenFinish();
        pair.run(200 * MILLIS);
        // The server's last word, which acknowledges the client's FIN, is lost.
        int[] drops = {1};
        Paths.dropWhile(pair.toClient, datagram -> drops[0]-- > 0);
        pair.clientPeer().thenFinish();
        pair.until(() -> pair.serverPeer().isFinishedCleanly(), SECONDS);
        assertNull(pair.clientPeer().connection.closeReason());
        pair.until(() -> pair.clientPeer().connection.closeReason() != null, 5 * SECONDS);
        assertTrue(pair.clientPeer().isFinishedCleanly());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesAFinThatOvertakesData(long seed) {
        Pair pair = connected(seed);
        int[] drops = {1};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.DATA && drops[0]-- > 0);
        pair.clientPeer().send(1_000).thenFinish();
        pair.until(() -> pair.serverPeer().ended, 5 * SECONDS);
        assertEquals(1_000, pair.serverPeer().received);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void deliversAllThatWasWrittenBeforeClose(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().send(8_000);
        pair.clientPeer().connection.close();
        pair.until(() -> pair.serverPeer().ended, 5 * SECONDS);
        assertEquals(8_000, pair.serverPeer().received);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void resetsAPeerThatSendsToAClosedReaderForLong(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().connection.close();
        pair.serverPeer().send(Long.MAX_VALUE / 2);
        pair.until(() -> pair.serverPeer().connection.closeReason() != null, 30 * SECONDS);
        assertEquals(CloseReason.RESET_BY_PEER, pair.serverPeer().connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    /** The peer may be gone for good, and owes us nothing but its end. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void doesNotWaitForEverForThePeersEndWhenClosedAfterItsOwn(long seed) {
        Pair pair = connected(seed);
        Peer client = pair.clientPeer().thenFinish();
        pair.run(SECONDS);
        Paths.cut(pair, pair.toClient);
        client.connection.close();
        pair.run(12 * SECONDS);
        assertEquals(CloseReason.RESET_LOCALLY, client.connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void resetEndsBothAtOnce(long seed) {
        Pair pair = connected(seed);
        pair.clientPeer().send(10_000);
        pair.clientPeer().connection.reset();
        assertEquals(CloseReason.RESET_LOCALLY, pair.clientPeer().connection.closeReason());
        pair.until(() -> pair.serverPeer().connection.closeReason() != null, SECONDS);
        assertEquals(CloseReason.RESET_BY_PEER, pair.serverPeer().connection.closeReason());
        assertEquals(0, pair.client.stats().connections() + pair.server.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void lettingGoOfADialTellsThePeer(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY));
        Peer client = pair.dial();
        pair.until(() -> pair.server.stats().halfOpen() == 1, SECONDS);
        client.connection.close();
        pair.run(SECONDS);
        assertEquals(0, pair.server.stats().halfOpen() + pair.server.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void givesUpWhenNothingIsAcknowledged(long seed) {
        Pair pair = connected(seed);
        Paths.cut(pair, pair.toServer);
        long start = pair.now;
        pair.clientPeer().send(1_000);
        pair.until(() -> pair.clientPeer().connection.closeReason() != null, 60 * SECONDS);
        assertEquals(CloseReason.TIMED_OUT, pair.clientPeer().connection.closeReason());
        assertEquals(30 * SECONDS, pair.now - start);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anIdleConnectionLivesAndRepeatsItsLastWord(long seed) {
        Pair pair = connected(seed);
        long before = pair.packetsToServer;
        pair.run(300 * SECONDS);
        assertTrue(pair.serverPeer().connection.isEstablished());
        assertEquals(10, pair.packetsToServer - before);
        pair.clientPeer().send(1_000);
        pair.until(() -> pair.serverPeer().received == 1_000, SECONDS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void takesAResetWithEitherIdOfThePair(int which) {
        Pair pair = connected(12);
        Connection connection = pair.serverPeer().connection;
        int id = which == 0 ? connection.receiveId() : connection.sendId();
        pair.injectToServer(Packets.reset(id, connection, 0));
        assertEquals(CloseReason.RESET_BY_PEER, connection.closeReason());
    }

    @ParameterizedTest
    @ValueSource(ints = {-5, 2, 100, 30_000})
    void refusesAForgedReset(int offset) {
        Pair pair = connected(13);
        Connection connection = pair.serverPeer().connection;
        pair.injectToServer(Packets.reset(connection.receiveId(), connection, offset));
        assertNull(connection.closeReason());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void refusesToWriteAfterTheEnd(long seed) {
        Pair pair = connected(seed);
        Connection connection = pair.clientPeer().connection;
        connection.finish();
        assertThrows(IllegalStateException.class, () -> connection.write(ByteBuffer.allocate(1)));
        connection.reset();
        assertThrows(IllegalStateException.class, () -> connection.write(ByteBuffer.allocate(1)));
        assertEquals(-1, connection.read(ByteBuffer.allocate(1)));
    }
}
