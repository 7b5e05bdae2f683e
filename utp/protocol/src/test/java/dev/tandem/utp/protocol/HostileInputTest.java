package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers send costs bounded memory and bounded bytes, and touches no connection. */
class HostileInputTest {
    private static final long DELAY = 10 * MILLIS;

    private static InetSocketAddress stranger(int number) {
        try {
            byte[] address = {10, 1, (byte) (number >> 8), (byte) number};
            return new InetSocketAddress(InetAddress.getByAddress(address), 4_000);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Drains an endpoint that talks to nobody; returns how many bytes it sent. */
    private static long drain(Endpoint endpoint, long now) {
        ByteBuffer out = ByteBuffer.allocate(65_536);
        long bytes = 0;
        while (endpoint.pollEvent() != null) {}
        for (Transmit transmit; (transmit = endpoint.pollTransmit(now, out.clear())) != null; ) {
            bytes += transmit.sizeBytes();
        }
        return bytes;
    }

    @Test
    void boundsForgedSyns() {
        Random random = new Random(1);
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, random::nextInt);
        long bytesIn = 0;
        long bytesOut = 0;
        for (int i = 0; i < 10_000; i++) {
            Datagram syn = Packets.bare(PacketType.SYN, random.nextInt() & 0xffff, random.nextInt(), 0);
            bytesIn += syn.sizeBytes();
            endpoint.handleDatagram(i * 1_000L, stranger(i), ByteBuffer.wrap(syn.bytes()));
            bytesOut += drain(endpoint, i * 1_000L);
        }
        assertEquals(0, endpoint.stats().connections());
        assertEquals(1_024, endpoint.stats().halfOpen());
        assertEquals(10_000 - 1_024, endpoint.stats().refused());
        long now = 0;
        while (endpoint.pollTimeout() != Endpoint.NO_TIMEOUT) {
            now = endpoint.pollTimeout();
            endpoint.handleTimeout(now);
            bytesOut += drain(endpoint, now);
        }
        assertTrue(now <= 22 * SECONDS, now + " ns");
        assertEquals(0, endpoint.stats().halfOpen());
        assertTrue(bytesOut <= bytesIn, bytesOut + " bytes out for " + bytesIn);
    }

    @Test
    void limitsResetsForUnknownConnections() {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(2)::nextInt);
        long sent = 0;
        for (int i = 0; i < 5_000; i++) {
            Datagram data = Packets.withPayload(PacketType.DATA, i, 1, 1, 100);
            endpoint.handleDatagram(i * MILLIS, stranger(i), ByteBuffer.wrap(data.bytes()));
            sent += drain(endpoint, i * MILLIS);
        }
        assertEquals(5_000, endpoint.stats().unknown());
        assertEquals(5 * 100 * 20, sent);
        assertEquals(4_500, endpoint.stats().resetsSuppressed());
    }

    @Test
    void doesNotAnswerAResetWithAReset() {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(3)::nextInt);
        endpoint.handleDatagram(
                0,
                stranger(1),
                ByteBuffer.wrap(Packets.bare(PacketType.RESET, 1, 1, 1).bytes()));
        assertEquals(0, drain(endpoint, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 120, 255})
    void standsAnySelectiveAck(int length) {
        Pair pair = new Pair(length, Paths.delay(DELAY));
        pair.dial().send(1);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == 1, SECONDS);
        pair.serverPeer().send(20_000);
        byte[] bitmap = new byte[length];
        java.util.Arrays.fill(bitmap, (byte) 0xff);
        Connection server = pair.serverPeer().connection;
        pair.injectToServer(
                Packets.selectiveAck(server.receiveId(), server.ackNr() + 1, server.nextSeqNr() - 1, bitmap));
        pair.injectToServer(Packets.cut(
                Packets.selectiveAck(server.receiveId(), server.ackNr() + 1, server.nextSeqNr() - 1, bitmap),
                20 + Math.min(length, 1)));
        pair.until(() -> pair.clientPeer().received == 20_000, 5 * SECONDS);
        assertTrue(server.stats().retransmissions() < 20);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void garbageFromTheSameAddressHarmsNobody(long seed) {
        Pair pair = new Pair(seed, Paths.delay(DELAY));
        Peer client = pair.dial().send(2_000_000).thenFinish();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            if (bytes.length > 20) {
                // Well-formed but for a random id, so most meet no connection.
                bytes[0] = (byte) (random.nextInt(4) << 4 | 1);
            }
            pair.injectToServer(new Datagram(bytes));
            pair.run(MILLIS);
        }
        pair.until(() -> client.connection.stats().bytesAcknowledged() == 2_000_000, 60 * SECONDS);
        assertEquals(2_000_000, pair.serverPeer().received);
    }

    /** Packets with the right id and plausible numbers but absurd everything else, as a hostile peer might send. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aHostilePeerCanOnlyHarmItself(long seed) {
        Random random = new Random(seed);
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, random::nextInt);
        InetSocketAddress remote = stranger(1);
        long now = 0;
        Datagram syn = Packets.bare(PacketType.SYN, 100, 1, 0);
        endpoint.handleDatagram(now, remote, ByteBuffer.wrap(syn.bytes()));
        ByteBuffer answer = ByteBuffer.allocate(100);
        assertNotNull(endpoint.pollTransmit(now, answer));
        int answerSeqNr = answer.getShort(16);
        Datagram confirmation = Packets.bare(PacketType.STATE, 101, 2, answerSeqNr - 1);
        endpoint.handleDatagram(now, remote, ByteBuffer.wrap(confirmation.bytes()));
        Connection connection = Objects.requireNonNull(endpoint.pollEvent()).connection();
        long out = 0;
        for (int i = 0; i < 20_000 && connection.closeReason() == null; i++) {
            PacketType type = random.nextInt(50) == 0
                    ? PacketType.FIN
                    : random.nextBoolean() ? PacketType.DATA : PacketType.STATE;
            Datagram packet = Packets.withPayload(
                    type,
                    101,
                    connection.ackNr() + random.nextInt(20_000) - 100,
                    connection.nextSeqNr() - 1 - random.nextInt(3),
                    random.nextInt(1_400));
            ByteBuffer bytes = ByteBuffer.wrap(packet.bytes());
            bytes.putInt(4, random.nextInt()).putInt(8, random.nextInt()).putInt(12, random.nextInt());
            endpoint.handleDatagram(now, remote, bytes);
            now += random.nextInt((int) MILLIS);
            endpoint.handleTimeout(now);
            out += drain(endpoint, now);
        }
        ConnectionConfig config = ConnectionConfig.DEFAULT;
        assertTrue(connection.readableBytes() <= config.receiveBufferBytes() + 2_048, "seed " + seed);
        assertTrue(out < 20_000L * 300, "seed " + seed + ": " + out + " bytes sent");
    }
}
