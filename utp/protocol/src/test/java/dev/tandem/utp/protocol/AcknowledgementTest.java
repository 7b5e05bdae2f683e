package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When an acknowledgement is sent, and what is in it. */
class AcknowledgementTest {
    private static final long DELAY = 20 * MILLIS;

    private final List<Packet> toClient = new ArrayList<>();

    /** A connection with a foreign peer, so that tests can send packets to the server by hand. */
    private Pair connected(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY));
        Peer client = pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, SECONDS);
        pair.run(SECONDS);
        assertTrue(client.connection.isEstablished());
        pair.tapClient(datagram -> toClient.add(datagram.packet()));
        return pair;
    }

    private static Datagram data(Connection server, int ahead, int payloadBytes) {
        return Packets.withPayload(
                PacketType.DATA, server.receiveId(), server.ackNr() + ahead, server.nextSeqNr() - 1, payloadBytes);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void coalescesABatch(long seed) {
        Pair pair = connected(seed);
        Connection server = pair.serverPeer().connection;
        pair.serverPeer().pause();
        int first = server.ackNr() + 1;
        for (int i = 0; i < 60; i++) {
            pair.injectWithoutDraining(
                    Packets.withPayload(PacketType.DATA, server.receiveId(), first + i, server.nextSeqNr() - 1, 100));
        }
        pair.run(SECONDS);
        assertEquals(1, toClient.size());
        assertEquals((first + 59) & 0xffff, toClient.get(0).ackNr());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void waitsALittleWithTheAcknowledgementOfASinglePacket(long seed) {
        Pair pair = connected(seed);
        pair.serverPeer().pause();
        long start = pair.now;
        pair.injectToServer(data(pair.serverPeer().connection, 1, 10));
        pair.until(() -> !toClient.isEmpty(), SECONDS);
        long waited = pair.now - start - DELAY;
        assertTrue(waited > 0 && waited <= 25 * MILLIS, waited / MILLIS + " ms");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void acknowledgesAtOnceWhatLeavesAGap(long seed) {
        Pair pair = connected(seed);
        Connection server = pair.serverPeer().connection;
        pair.serverPeer().pause();
        long start = pair.now;
        pair.injectToServer(data(server, 3, 10));
        pair.until(() -> !toClient.isEmpty(), SECONDS);
        assertEquals(DELAY, pair.now - start);
        Packet state = toClient.get(0);
        assertEquals(PacketType.STATE, state.type());
        assertEquals(server.ackNr(), state.ackNr());
        assertEquals(32, state.selectiveAckBits());
        assertEquals(0b10, state.selectiveAckByte(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void acknowledgesOldPacketsAgain(long seed) {
        Pair pair = connected(seed);
        Connection server = pair.serverPeer().connection;
        pair.injectToServer(data(server, 0, 1));
        pair.run(SECONDS);
        assertEquals(1, toClient.size());
        assertEquals(server.ackNr(), toClient.get(0).ackNr());
        assertEquals(1, server.stats().duplicates());
    }

    @ParameterizedTest
    @ValueSource(ints = {-4, 1, 2, 1_000})
    void dropsAPacketWhoseAckNumberNobodyCanHaveSent(int offset) {
        Pair pair = connected(1);
        Connection server = pair.serverPeer().connection;
        pair.serverPeer().pause();
        pair.injectToServer(Packets.withPayload(
                PacketType.DATA, server.receiveId(), server.ackNr() + 1, server.nextSeqNr() - 1 + offset, 10));
        assertEquals(0, server.readableBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {-3, -1, 0})
    void takesAPacketWithAnOlderAckNumber(int offset) {
        Pair pair = connected(1);
        Connection server = pair.serverPeer().connection;
        pair.serverPeer().pause();
        pair.injectToServer(Packets.withPayload(
                PacketType.DATA, server.receiveId(), server.ackNr() + 1, server.nextSeqNr() - 1 + offset, 10));
        assertEquals(10, server.readableBytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void ridesOnDataThatGoesTheOtherWay(long seed) {
        Pair pair = connected(seed);
        Connection server = pair.serverPeer().connection;
        pair.serverPeer().pause();
        pair.injectWithoutDraining(data(server, 1, 10));
        pair.serverPeer().send(100);
        pair.run(15 * MILLIS);
        pair.run(DELAY);
        assertEquals(1, toClient.size());
        assertEquals(PacketType.DATA, toClient.get(0).type());
        assertEquals(server.ackNr(), toClient.get(0).ackNr());
    }
}
