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
import org.junit.jupiter.api.Test;
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

    @Test
    void endsWithoutData() {
        Pair pair = connected(1);
        pair.clientPeer().thenFinish();
        pair.serverPeer().thenFinish();
        pair.run(SECONDS);
        assertTrue(pair.clientPeer().ended && pair.serverPeer().ended);
        assertTrue(pair.clientPeer().isFinishedCleanly() && pair.serverPeer().isFinishedCleanly());
    }

    @Test
    void goesOnInTheOtherDirection() {
        Pair pair = connected(2);
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

    @Test
    void repeatsAFinThatIsLostThreeTimes() {
        Pair pair = connected(3);
        int[] drops = {3};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.FIN && drops[0]-- > 0);
        pair.clientPeer().send(1_000).thenFinish();
        pair.until(() -> pair.serverPeer().ended, 20 * SECONDS);
        assertEquals(1_000, pair.serverPeer().received);
    }

    @Test
    void answersARepeatedFinAfterBothHaveEnded() {
        Pair pair = connected(4);
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

    @Test
    void takesAFinThatOvertakesData() {
        Pair pair = connected(5);
        int[] drops = {1};
        Paths.dropWhile(pair.toServer, datagram -> datagram.packet().type() == PacketType.DATA && drops[0]-- > 0);
        pair.clientPeer().send(1_000).thenFinish();
        pair.until(() -> pair.serverPeer().ended, 5 * SECONDS);
        assertEquals(1_000, pair.serverPeer().received);
    }

    @Test
    void deliversAllThatWasWrittenBeforeClose() {
        Pair pair = connected(6);
        pair.clientPeer().send(15_000);
        pair.clientPeer().connection.close();
        pair.until(() -> pair.serverPeer().ended, 5 * SECONDS);
        assertEquals(15_000, pair.serverPeer().received);
    }

    @Test
    void resetsAPeerThatSendsToAClosedReaderForLong() {
        Pair pair = connected(7);
        pair.clientPeer().connection.close();
        pair.serverPeer().send(Long.MAX_VALUE / 2);
        pair.until(() -> pair.serverPeer().connection.closeReason() != null, 30 * SECONDS);
        assertEquals(CloseReason.RESET_BY_PEER, pair.serverPeer().connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    /** The peer may be gone for good, and owes us nothing but its end. */
    @Test
    void doesNotWaitForEverForThePeersEndWhenClosedAfterItsOwn() {
        Pair pair = connected(15);
        Peer client = pair.clientPeer().thenFinish();
        pair.run(SECONDS);
        Paths.cut(pair, pair.toClient);
        client.connection.close();
        pair.run(12 * SECONDS);
        assertEquals(CloseReason.RESET_LOCALLY, client.connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    @Test
    void resetEndsBothAtOnce() {
        Pair pair = connected(8);
        pair.clientPeer().send(10_000);
        pair.clientPeer().connection.reset();
        assertEquals(CloseReason.RESET_LOCALLY, pair.clientPeer().connection.closeReason());
        pair.until(() -> pair.serverPeer().connection.closeReason() != null, SECONDS);
        assertEquals(CloseReason.RESET_BY_PEER, pair.serverPeer().connection.closeReason());
        assertEquals(0, pair.client.stats().connections() + pair.server.stats().connections());
    }

    @Test
    void lettingGoOfADialTellsThePeer() {
        Pair pair = new Pair(9, Paths.delay(DELAY));
        Peer client = pair.dial();
        pair.until(() -> pair.server.stats().halfOpen() == 1, SECONDS);
        client.connection.close();
        pair.run(SECONDS);
        assertEquals(0, pair.server.stats().halfOpen() + pair.server.stats().connections());
    }

    @Test
    void givesUpWhenNothingIsAcknowledged() {
        Pair pair = connected(10);
        Paths.cut(pair, pair.toServer);
        long start = pair.now;
        pair.clientPeer().send(1_000);
        pair.until(() -> pair.clientPeer().connection.closeReason() != null, 60 * SECONDS);
        assertEquals(CloseReason.TIMED_OUT, pair.clientPeer().connection.closeReason());
        assertEquals(30 * SECONDS, pair.now - start);
    }

    @Test
    void anIdleConnectionLivesAndRepeatsItsLastWord() {
        Pair pair = connected(11);
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

    @Test
    void refusesToWriteAfterTheEnd() {
        Pair pair = connected(14);
        Connection connection = pair.clientPeer().connection;
        connection.finish();
        assertThrows(IllegalStateException.class, () -> connection.write(ByteBuffer.allocate(1)));
        connection.reset();
        assertThrows(IllegalStateException.class, () -> connection.write(ByteBuffer.allocate(1)));
        assertEquals(-1, connection.read(ByteBuffer.allocate(1)));
    }
}
