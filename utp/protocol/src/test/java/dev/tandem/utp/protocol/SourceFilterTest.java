package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Silence to addresses that are not known. */
class SourceFilterTest {
    private static final long RTT = 50 * MILLIS;
    private static final InetAddress CLIENT = Pair.CLIENT.getAddress();

    private final Set<InetAddress> known = new HashSet<>();
    private final EndpointConfig filtered = EndpointConfig.DEFAULT.withSources(SourceFilter.of(known::contains));

    private Pair pair(long seed, long rttNanos) {
        return new Pair(seed, Paths.delay(rttNanos / 2), EndpointConfig.DEFAULT, filtered);
    }

    private Pair pair() {
        return pair(1, RTT);
    }

    @Test
    void aStrangerHearsNothing() {
        Pair pair = pair();
        Peer client = pair.dial();
        pair.until(() -> client.connection.closeReason() != null, 30 * SECONDS);
        assertEquals(CloseReason.CONNECT_TIMEOUT, client.connection.closeReason());
        assertEquals(0, pair.packetsToClient);
        assertEquals(5, pair.server.stats().silenced());
        assertEquals(0, pair.server.stats().earlySyns());
        assertEquals(0, pair.server.stats().halfOpen());
    }

    @Test
    void aKnownAddressConnectsAsEver() {
        known.add(CLIENT);
        Pair pair = pair();
        Peer client = pair.dial();
        long start = pair.now;
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(RTT, pair.now - start);
        assertEquals(0, pair.server.stats().silenced());
    }

    /** UDP and TCP are dialled at once, and the SYN is there a round trip before what makes its address known. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anEarlySynIsAnsweredWhenItsAddressBecomesKnown(long seed) {
        Pair pair = pair(seed, RTT);
        Peer client = pair.dial().send(100_000).thenFinish();
        pair.onAccept(peer -> peer.thenFinish());
        long start = pair.now;
        pair.run(RTT / 2 + RTT);
        assertEquals(1, pair.server.stats().earlySyns());
        known.add(CLIENT);
        pair.server.handleSourceKnown(pair.now, CLIENT);
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(2 * RTT, pair.now - start, "seed " + seed);
        pair.until(client::isFinishedCleanly, 5 * SECONDS);
        assertEquals(100_000, pair.serverPeer().received);
        assertEquals(1, pair.accepted.size());
        assertEquals(0, pair.server.stats().earlySyns());
    }

    @Test
    void anEarlySynExpiresSilentlyAndTheNextOneIsAsGood() {
        Pair pair = pair();
        Peer client = pair.dial();
        pair.run(RTT / 2 + 999 * MILLIS);
        assertEquals(1, pair.server.stats().earlySyns());
        assertEquals(0, pair.server.stats().silenced());
        pair.run(2 * MILLIS);
        assertEquals(1, pair.server.stats().silenced());
        assertEquals(1, pair.server.stats().earlySyns(), "the second SYN, 1 s after the first");
        known.add(CLIENT);
        pair.server.handleSourceKnown(pair.now, CLIENT);
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(0, pair.server.stats().earlySyns());
    }

    @Test
    void aSynThatCameTwiceIsAnsweredOnce() {
        Pair pair = new Pair(1, Paths.duplicating(RTT / 2), EndpointConfig.DEFAULT, filtered);
        Peer client = pair.dial();
        pair.run(RTT);
        assertEquals(1, pair.server.stats().earlySyns());
        known.add(CLIENT);
        pair.server.handleSourceKnown(pair.now, CLIENT);
        pair.until(client.connection::isEstablished, SECONDS);
        assertEquals(1, pair.server.stats().datagramsSent());
    }

    /** What makes an address known may end while its connections live. */
    @Test
    void aConnectionThatExistsIsNotFiltered() {
        known.add(CLIENT);
        Pair pair = pair();
        Peer client = pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null, SECONDS);
        known.clear();
        client.send(500_000).thenFinish();
        pair.until(() -> pair.serverPeer().received == 500_001, 10 * SECONDS);
    }

    private static InetSocketAddress stranger(int number, int port) {
        try {
            byte[] address = {10, (byte) (number >> 16), (byte) (number >> 8), (byte) number};
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static long bytesSent(Endpoint endpoint, long now) {
        ByteBuffer out = ByteBuffer.allocate(2_000);
        long bytes = 0;
        for (Transmit transmit; (transmit = endpoint.pollTransmit(now, out.clear())) != null; ) {
            bytes += transmit.sizeBytes();
        }
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(PacketType.class)
    void noPacketOfAStrangerHasAnAnswer(PacketType type) {
        Endpoint endpoint = new Endpoint(filtered, new Random(4)::nextInt);
        Datagram packet = Packets.withPayload(type, 7, 1, 1, 100);
        endpoint.handleDatagram(0, stranger(1, 1), ByteBuffer.wrap(packet.bytes()));
        endpoint.accepting(false);
        endpoint.handleDatagram(0, stranger(2, 1), ByteBuffer.wrap(packet.bytes()));
        endpoint.handleTimeout(2 * SECONDS);
        assertEquals(0, bytesSent(endpoint, 2 * SECONDS));
        assertEquals(type == PacketType.RESET ? 0 : 2, endpoint.stats().silenced());
    }

    @Test
    void anUnknownConnectionOfAKnownAddressIsResetAsEver() {
        known.add(stranger(1, 1).getAddress());
        Endpoint endpoint = new Endpoint(filtered, new Random(5)::nextInt);
        Datagram data = Packets.withPayload(PacketType.DATA, 7, 1, 1, 100);
        endpoint.handleDatagram(0, stranger(1, 1), ByteBuffer.wrap(data.bytes()));
        assertEquals(20, bytesSent(endpoint, 0));
    }

    @ParameterizedTest
    @EnumSource(PacketType.class)
    void noAnswerIsLargerThanWhatItAnswers(PacketType type) {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(6)::nextInt);
        Datagram packet = Packets.bare(type, 7, 1, 1);
        endpoint.handleDatagram(0, stranger(1, 1), ByteBuffer.wrap(packet.bytes()));
        long sent = bytesSent(endpoint, 0);
        assertTrue(sent <= packet.sizeBytes(), sent + " bytes");
        // And nothing more for it, ever.
        for (long deadline; (deadline = endpoint.pollTimeout()) != Endpoint.NO_TIMEOUT; ) {
            endpoint.handleTimeout(deadline);
            assertEquals(0, bytesSent(endpoint, deadline));
        }
    }

    @Test
    void earlySynsAreBoundedForEachAddressAndInTotal() {
        Random random = new Random(7);
        Endpoint endpoint = new Endpoint(filtered, random::nextInt);
        for (int i = 0; i < 100; i++) {
            Datagram syn = Packets.bare(PacketType.SYN, i * 2, 1, 0);
            endpoint.handleDatagram(0, stranger(1, 1_000 + i), ByteBuffer.wrap(syn.bytes()));
        }
        assertEquals(8, endpoint.stats().earlySyns());
        for (int i = 2; i < 20_002; i++) {
            Datagram syn = Packets.bare(PacketType.SYN, random.nextInt() & 0xffff, 1, 0);
            endpoint.handleDatagram(i, stranger(i, 1), ByteBuffer.wrap(syn.bytes()));
            assertTrue(endpoint.stats().earlySyns() <= 1_024);
        }
        assertEquals(1_024, endpoint.stats().earlySyns());
        // The newest are those that are kept.
        InetAddress last = stranger(20_001, 1).getAddress();
        known.add(last);
        endpoint.handleSourceKnown(20_002, last);
        assertEquals(1, endpoint.stats().halfOpen());
        assertEquals(20, bytesSent(endpoint, 20_002));
        InetAddress first = stranger(1, 1).getAddress();
        known.add(first);
        endpoint.handleSourceKnown(20_002, first);
        assertEquals(1, endpoint.stats().halfOpen());
        endpoint.handleTimeout(2 * SECONDS);
        assertEquals(0, endpoint.stats().earlySyns());
        assertEquals(20_100 - 1, endpoint.stats().silenced());
        assertFalse(endpoint.pollTimeout() == Endpoint.NO_TIMEOUT, "the half-open one is left");
    }
}
