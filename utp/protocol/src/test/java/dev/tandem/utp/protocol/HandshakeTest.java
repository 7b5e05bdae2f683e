package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
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

    @Test
    void usesTheIdsOfBep29() {
        Pair pair = new Pair(1, Paths.delay(RTT / 2));
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

    @Test
    void repeatsTheIdenticalAnswerToTheSameSyn() {
        Pair pair = new Pair(7, Paths.duplicating(RTT / 2));
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

    @Test
    void triesAgainWithAnotherIdWhenTheAnswerIsLost() {
        Pair pair = new Pair(3, Paths.delay(RTT / 2));
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

    @Test
    void takesALateAnswerToAnEarlierSyn() {
        // A round trip of 1.8 s is longer than the first wait; the first answer comes after the second SYN went out.
        Pair pair = new Pair(4, Paths.delay(900 * MILLIS));
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(client.connection::isEstablished, 5 * SECONDS);
        assertEquals(1_800 * MILLIS, pair.now - start);
    }

    @Test
    void givesUpWhenNobodyAnswers() {
        Pair pair = new Pair(5, Paths.blackHole());
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(() -> client.connection.closeReason() != null, 30 * SECONDS);
        assertEquals(CloseReason.CONNECT_TIMEOUT, client.connection.closeReason());
        assertEquals(21 * SECONDS, pair.now - start);
        assertEquals(5, pair.client.stats().datagramsSent());
        assertEquals(0, pair.client.stats().connections());
    }

    @Test
    void isRefusedWhereNobodyListens() {
        Pair pair =
                new Pair(6, Paths.delay(RTT / 2), EndpointConfig.DEFAULT, EndpointConfig.DEFAULT.withAccepting(false));
        Peer client = pair.dial();
        pair.until(() -> client.connection.closeReason() != null, SECONDS);
        assertEquals(CloseReason.REFUSED, client.connection.closeReason());
        assertEquals(0, pair.client.stats().connections());
    }

    @Test
    void forgetsAPeerThatIsNeverHeardOfAgain() {
        Pair pair = new Pair(8, Paths.delay(RTT / 2));
        Peer client = pair.dial();
        pair.until(() -> pair.server.stats().halfOpen() == 1, SECONDS);
        Paths.cut(pair, pair.toServer);
        pair.until(() -> pair.server.stats().halfOpen() == 0, 22 * SECONDS);
        assertTrue(client.connection.isEstablished());
        assertEquals(0, pair.accepted.size());
    }

    @Test
    void saysNothingButTheAnswerAndTellsNobodyBeforeThePeerIsKnownToExist() {
        Pair pair = new Pair(9, Paths.delay(RTT / 2)).onAccept(peer -> peer.send(100_000));
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
