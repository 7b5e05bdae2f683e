package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** BEP 29, "connection setup". */
class HandshakeTest {
    private static final long RTT = 50 * MILLIS;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void takesOneRoundTrip(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2));
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(RTT, pair.now - start, "seed " + seed);
        pair.run(RTT);
        assertTrue(pair.serverPeer().connection.isEstablished());
        assertEquals(List.of(ConnectionEvent.Kind.CONNECTED), client.events);
    }

    /** Both ends number from 65,535 and the ids wrap too, so everything wraps in the first packets. */
    @ParameterizedTest
    @ValueSource(ints = {0xffff, 0xfffe, 0, 1, 0x7fff, 0x8000})
    void takesOneRoundTripWhereNumbersWrap(int number) {
        Pair pair = new Pair(1, Paths.delay(RTT / 2), EndpointConfig.DEFAULT, EndpointConfig.DEFAULT, 0, () -> number);
        pair.onAccept(peer -> peer.send(20_000).thenFinish());
        Peer client = pair.dial().send(20_000).thenFinish();
        long start = pair.now;
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(RTT, pair.now - start);
        pair.until(() -> client.isFinishedCleanly() && pair.serverPeer().isFinishedCleanly(), 5 * SECONDS);
        assertEquals(20_000, client.received);
        assertEquals(20_000, pair.serverPeer().received);
        assertEquals(0, client.connection.stats().retransmissions());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void ignoresWhatOvertakesTheAnswer(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2));
        Peer client = pair.dial().send(1_000);
        pair.run(MILLIS);
        int id = client.connection.receiveId();
        int synSeqNr = client.connection.nextSeqNr() - 1;
        pair.injectToClient(Packets.withPayload(PacketType.DATA, id, 77, synSeqNr, 100));
        pair.injectToClient(Packets.bare(PacketType.FIN, id, 78, synSeqNr));
        assertFalse(client.connection.isEstablished());
        pair.until(() -> client.connection.stats().bytesAcknowledged() == 1_000, SECONDS);
        assertEquals(0, client.received);
        assertFalse(client.ended);
        assertEquals(1, pair.client.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void usesTheIdsOfBep29(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2));
        List<Packet> toServer = new ArrayList<>();
        List<Packet> toClient = new ArrayList<>();
        pair.tapServer(datagram -> toServer.add(datagram.packet()));
        pair.tapClient(datagram -> toClient.add(datagram.packet()));
        Peer client = pair.dial().send(10).thenFinish();
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().ended, SECONDS);
        assertEquals(PacketType.SYN, toServer.get(0).type());
        int id = toServer.get(0).connectionId();
        int synSeqNr = toServer.get(0).seqNr();
        assertEquals(PacketType.STATE, toClient.get(0).type());
        assertEquals(id, toClient.get(0).connectionId());
        assertEquals(synSeqNr, toClient.get(0).ackNr());
        Packet data = toServer.stream()
                .filter(p -> p.type() == PacketType.DATA)
                .findFirst()
                .orElseThrow();
        assertEquals((id + 1) & 0xffff, data.connectionId());
        assertEquals((synSeqNr + 1) & 0xffff, data.seqNr());
        // The answer's number is not used up: the initiator has acknowledged the one before it.
        assertEquals((toClient.get(0).seqNr() - 1) & 0xffff, data.ackNr());
        assertEquals(10, client.sent);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void repeatsTheIdenticalAnswerToTheSameSyn(long seed) {
        Pair pair = new Pair(seed, Paths.duplicating(RTT / 2));
        List<Packet> answers = new ArrayList<>();
        pair.tapClient(datagram -> answers.add(datagram.packet()));
        Peer client = pair.dial();
        pair.until(client.connection::isEstablished, SECONDS);
        pair.run(RTT);
        pair.serverPeer();
        assertTrue(answers.size() >= 2);
        for (Packet answer : answers) {
            assertEquals(answers.get(0).seqNr(), answer.seqNr());
            assertEquals(answers.get(0).connectionId(), answer.connectionId());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void triesAgainWithAnotherIdWhenTheAnswerIsLost(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2));
        Paths.dropNth(pair.toClient, 1);
        List<Integer> ids = new ArrayList<>();
        pair.tapServer(datagram -> {
            if (datagram.packet().type() == PacketType.SYN) {
                ids.add(datagram.packet().connectionId());
            }
        });
        Peer client = pair.dial().send(100_000).thenFinish();
        pair.until(client.connection::isEstablished, 3 * SECONDS);
        assertEquals(2, ids.size());
        assertNotEquals(ids.get(0), ids.get(1));
        pair.run(2 * SECONDS);
        // The first attempt is told that it is not wanted; the second carries everything.
        assertEquals(100_000, pair.serverPeer().received);
        assertEquals(1, pair.server.stats().connections());
        assertEquals(0, pair.server.stats().halfOpen());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesALateAnswerToAnEarlierSyn(long seed) {
        // A round trip of 1.8 s is longer than the first wait; the first answer comes after the second SYN went out.
        Pair pair = new Pair(seed, Paths.delay(900 * MILLIS));
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(client.connection::isEstablished, 5 * SECONDS);
        assertEquals(1_800 * MILLIS, pair.now - start);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void givesUpWhenNobodyAnswers(long seed) {
        Pair pair = new Pair(seed, Paths.blackHole());
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(() -> client.connection.closeReason() != null, 30 * SECONDS);
        assertEquals(CloseReason.CONNECT_TIMEOUT, client.connection.closeReason());
        assertEquals(21 * SECONDS, pair.now - start);
        assertEquals(5, pair.client.stats().datagramsSent());
        assertEquals(0, pair.client.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void isRefusedWhereNobodyListens(long seed) {
        Pair pair = new Pair(
                seed, Paths.delay(RTT / 2), EndpointConfig.DEFAULT, EndpointConfig.DEFAULT.withAccepting(false));
        Peer client = pair.dial();
        pair.until(() -> client.connection.closeReason() != null, SECONDS);
        assertEquals(CloseReason.REFUSED, client.connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void forgetsAPeerThatIsNeverHeardOfAgain(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2));
        Peer client = pair.dial();
        pair.until(() -> pair.server.stats().halfOpen() == 1, SECONDS);
        Paths.cut(pair, pair.toServer);
        pair.until(() -> pair.server.stats().halfOpen() == 0, 22 * SECONDS);
        assertTrue(client.connection.isEstablished());
        assertEquals(0, pair.accepted.size());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void saysNothingButTheAnswerAndTellsNobodyBeforeThePeerIsKnownToExist(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2)).onAccept(peer -> peer.send(100_000));
        Peer client = pair.dial();
        pair.until(() -> pair.server.stats().halfOpen() == 1, SECONDS);
        Paths.cut(pair, pair.toServer);
        pair.run(10 * SECONDS);
        assertEquals(1, pair.packetsToClient);
        assertEquals(0, pair.accepted.size());
        Paths.mend(pair, pair.toServer);
        client.send(1);
        pair.until(() -> client.received == 100_000, 5 * SECONDS);
        assertEquals(1, pair.accepted.size());
    }
}
