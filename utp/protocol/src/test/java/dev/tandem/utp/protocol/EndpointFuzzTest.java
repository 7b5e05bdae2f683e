package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.protocol.wire.PacketType;
import java.nio.ByteBuffer;
import java.util.Random;

/** Any bytes as datagrams for an endpoint. */
class EndpointFuzzTest {
    private static final int MAX_DATAGRAMS = 64;

    /** Datagrams, each behind its length, for an endpoint with a connection: they may end that, and nothing else. */
    @FuzzTest(maxDuration = "10s")
    void anEndpointStandsThem(byte[] datagrams) {
        Random random = new Random(1);
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, random::nextInt);
        Connection connection = established(endpoint);
        Invariants invariants = new Invariants();
        ByteBuffer in = ByteBuffer.wrap(datagrams);
        ByteBuffer out = ByteBuffer.allocate(2_048);
        long now = 0;
        for (int i = 0; i < MAX_DATAGRAMS && in.remaining() > 1; i++) {
            byte[] datagram = new byte[Math.min(in.get() & 0xff, in.remaining())];
            in.get(datagram);
            if (datagram.length >= 4 && (datagram[2] & 1) == 0) {
                // Half of them for the connection, since few guess its id.
                datagram[2] = (byte) (connection.receiveId() >> 8);
                datagram[3] = (byte) connection.receiveId();
            }
            endpoint.handleDatagram(now, Pair.CLIENT, ByteBuffer.wrap(datagram));
            int bytesOut = drain(endpoint, now, out);
            assertTrue(bytesOut <= 4 * 1_402, "one datagram is not answered by many");
            invariants.check(endpoint);
            now += 7 * Pair.MILLIS;
            endpoint.handleTimeout(now);
            drain(endpoint, now, out);
        }
        assertTrue(endpoint.stats().connections() + endpoint.stats().halfOpen() <= 1 + MAX_DATAGRAMS);
    }

    private static Connection established(Endpoint endpoint) {
        ByteBuffer answer = ByteBuffer.allocate(64);
        Datagram syn = Packets.bare(PacketType.SYN, 0x1234, 1, 0);
        endpoint.handleDatagram(0, Pair.CLIENT, ByteBuffer.wrap(syn.bytes()));
        endpoint.pollTransmit(0, answer);
        Datagram confirmation = Packets.bare(PacketType.STATE, 0x1235, 2, answer.getShort(16) - 1);
        endpoint.handleDatagram(0, Pair.CLIENT, ByteBuffer.wrap(confirmation.bytes()));
        ConnectionEvent event = endpoint.pollEvent();
        if (event == null) {
            throw new AssertionError("no connection");
        }
        event.connection().write(ByteBuffer.allocate(3_000));
        return event.connection();
    }

    private static int drain(Endpoint endpoint, long now, ByteBuffer out) {
        int bytes = 0;
        while (endpoint.pollEvent() != null) {}
        for (Transmit transmit; (transmit = endpoint.pollTransmit(now, out.clear())) != null; ) {
            bytes += transmit.sizeBytes();
        }
        return bytes;
    }
}
