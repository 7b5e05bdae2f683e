package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** BEP 29, "wnd_size": a reader that pauses stops its peer, in bounded memory, and neither forgets the other. */
class FlowControlTest {
    private static final long DELAY = 20 * MILLIS;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final EndpointConfig SMALL = EndpointConfig.DEFAULT.withConnection(
            ConnectionConfig.DEFAULT.withReceiveBufferBytes(BUFFER_BYTES).withSendBufferBytes(BUFFER_BYTES));

    private static Pair pausedReader(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY), SMALL, SMALL).onAccept(Peer::pause);
        pair.dial().send(10 * BUFFER_BYTES);
        return pair;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void stopsAtTheReadersBuffer(long seed) {
        Pair pair = pausedReader(seed);
        pair.run(20 * SECONDS);
        int held = pair.serverPeer().connection.readableBytes();
        assertTrue(held > BUFFER_BYTES - 4_096 && held <= BUFFER_BYTES + 2_048, held + " bytes held");
        // At most its own buffer is filled besides.
        assertTrue(pair.clientPeer().sent <= 2L * BUFFER_BYTES + 2_048, pair.clientPeer().sent + " bytes taken");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void goesOnWhenTheReaderDoes(long seed) {
        Pair pair = pausedReader(seed);
        pair.run(5 * SECONDS);
        pair.serverPeer().resume();
        pair.until(() -> pair.serverPeer().received == 10 * BUFFER_BYTES, 10 * SECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesAnHourOfPause(long seed) {
        Pair pair = pausedReader(seed);
        pair.run(3_600 * SECONDS);
        assertNull(pair.clientPeer().connection.closeReason());
        pair.serverPeer().resume();
        pair.until(() -> pair.serverPeer().received == 10 * BUFFER_BYTES, 20 * SECONDS);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void resumesWithinASecondWhenUpdatesAreLost(int lost) {
        Pair pair = pausedReader(4);
        pair.run(5 * SECONDS);
        int[] drops = {lost};
        Paths.dropWhile(pair.toClient, datagram -> drops[0]-- > 0);
        long before = pair.serverPeer().received;
        pair.serverPeer().resume();
        long readAtOnce = pair.serverPeer().received;
        assertTrue(readAtOnce > before);
        pair.until(() -> pair.serverPeer().received > readAtOnce, SECONDS + (lost > 2 ? SECONDS : 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void neverAdvertisesASliver(long seed) {
        Pair pair = pausedReader(seed);
        pair.tapClient(datagram -> {
            long window = datagram.packet().wndSize();
            assertTrue(window == 0 || window >= 2_804, "a window of " + window);
        });
        pair.run(2 * SECONDS);
        // Reads a little now and then, as a terminal does.
        ByteBuffer few = ByteBuffer.allocate(700);
        for (int i = 0; i < 50; i++) {
            pair.serverPeer().connection.read(few.clear());
            pair.run(100 * MILLIS);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void tellsAWriterWhenThereIsRoomAgain(long seed) {
        Pair pair = pausedReader(seed);
        pair.run(5 * SECONDS);
        long writableBefore = writable(pair.clientPeer());
        pair.run(30 * SECONDS);
        assertEquals(writableBefore, writable(pair.clientPeer()));
        pair.serverPeer().resume();
        pair.run(SECONDS);
        assertTrue(writable(pair.clientPeer()) > writableBefore);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesNoMoreThanAboutAWindowAheadOfTheNetwork(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY));
        Peer client = pair.dial().send(100_000_000);
        assertTrue(client.sent <= 16 << 10, client.sent + " bytes taken before the handshake");
        pair.run(200 * MILLIS);
        ConnectionStats stats = client.connection.stats();
        long unsent = client.sent - stats.bytesSent();
        assertTrue(unsent <= Math.max(16 << 10, stats.windowBytes()), unsent + " bytes wait");
    }

    /** What was overtaken on its way must not shut a window that has opened since, nor open one that is shut. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void ignoresTheWindowOfAPacketThatWasOvertaken(int ackNrsBehind) {
        Pair pair = new Pair(9, Paths.delay(DELAY));
        pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, SECONDS);
        pair.serverPeer().send(100);
        pair.run(SECONDS);
        Connection server = pair.serverPeer().connection;
        long window = server.stats().peerWindowBytes();
        Datagram old = Packets.bare(
                PacketType.STATE, server.receiveId(), server.ackNr() + 1, server.nextSeqNr() - 1 - ackNrsBehind);
        int sentMicros = (int) (pair.now / 1_000);
        ByteBuffer.wrap(old.bytes()).putInt(4, sentMicros - 5_000_000).putInt(12, 0);
        pair.injectToServer(old);
        assertEquals(window, server.stats().peerWindowBytes());
        ByteBuffer.wrap(old.bytes()).putInt(4, sentMicros);
        pair.injectToServer(old);
        assertEquals(ackNrsBehind == 0 ? 0 : window, server.stats().peerWindowBytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void dropsWhatIsSentBeyondTheWindow(long seed) {
        Pair pair = pausedReader(seed);
        pair.run(5 * SECONDS);
        Connection server = pair.serverPeer().connection;
        int held = server.readableBytes();
        for (int i = 1; i <= 200; i++) {
            pair.injectToServer(Packets.withPayload(
                    PacketType.DATA, server.receiveId(), server.ackNr() + i, server.nextSeqNr() - 1, 1_300));
        }
        assertTrue(server.readableBytes() <= held + 2_048);
    }

    private static long writable(Peer peer) {
        return peer.events.stream()
                .filter(kind -> kind == ConnectionEvent.Kind.WRITABLE)
                .count();
    }
}
