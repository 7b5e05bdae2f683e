package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** What a connection holds of the heap while nothing happens on it: its address and its places in tables included. */
class FootprintTest {
    private static final int CONNECTIONS = 4_000;
    private static final int MOST_HALF_OPEN_BYTES = 1_024;
    private static final int MOST_IDLE_BYTES = 4_096;
    private static final long BULK_BYTES = 400_000;

    private final ByteBuffer out = ByteBuffer.allocate(2_048);

    @Test
    void aHalfOpenConnectionIsSmall() {
        EndpointConfig config = EndpointConfig.DEFAULT.withMaxHalfOpen(CONNECTIONS + 1);
        Endpoint endpoint = new Endpoint(config, new Random(1)::nextInt);
        halfOpen(endpoint, 0);
        long before = used();
        for (int i = 1; i <= CONNECTIONS; i++) {
            halfOpen(endpoint, i);
        }
        long each = (used() - before) / CONNECTIONS;
        assertEquals(CONNECTIONS + 1, endpoint.stats().halfOpen());
        report("half open", each);
        assertTrue(each <= MOST_HALF_OPEN_BYTES, each + " bytes");
    }

    private void halfOpen(Endpoint endpoint, int i) {
        InetSocketAddress remote = address(i);
        Datagram syn = Packets.bare(PacketType.SYN, 7, i, 0);
        endpoint.handleDatagram(0, remote, ByteBuffer.wrap(syn.bytes()));
        while (endpoint.pollEvent() != null || endpoint.pollTransmit(0, out.clear()) != null) {}
    }

    /** After much has gone both ways, with losses, so that everything had grown. */
    @Test
    void anIdleConnectionIsSmall() {
        Pair pair = new Pair(1, Paths.lossy(5 * Pair.MILLIS, 0.01));
        pair.onAccept(peer -> peer.send(BULK_BYTES));
        use(pair, 2);
        long before = used();
        int connections = 500;
        use(pair, connections);
        // Without the share of the applications.
        long each = (used() - before) / (2L * connections) - Peer.FOOTPRINT_BYTES;
        report("idle", each);
        assertTrue(each <= MOST_IDLE_BYTES, each + " bytes");
        assertEquals(
                2 * (connections + 2),
                pair.client.stats().connections() + pair.server.stats().connections());
    }

    private static void use(Pair pair, int connections) {
        for (int i = 0; i < connections; i++) {
            Peer peer = pair.dial().send(BULK_BYTES);
            pair.until(
                    () -> peer.received == BULK_BYTES && peer.connection.stats().bytesAcknowledged() == BULK_BYTES,
                    600 * Pair.SECONDS);
        }
        pair.run(2 * Pair.SECONDS);
    }

    private static void report(String what, long bytes) {
        Logger.getLogger("figures").info("a connection that is " + what + ": " + bytes + " bytes of heap");
    }

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static InetSocketAddress address(int i) {
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(new byte[] {10, 1, (byte) (i >> 8), (byte) i}), 4_242);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
