package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenario 40: windows of a quarter of all sequence numbers, toward our own kind. */
class LargeWindowTest {
    private static final long RTT = 400 * MILLIS;
    private static final int PAYLOAD = 1_382;
    private static final int PACKETS = 40_000;
    private static final EndpointConfig LARGE = EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT
            .withSendBufferBytes(64 << 20)
            .withReceiveBufferBytes(64 << 20)
            .withCongestionController(maxPacketBytes -> new FixedController(20_000L * maxPacketBytes)));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void sixteenThousandPacketsInFlightArriveWhole(long seed) {
        Pair pair = new Pair(seed, Paths.delay(RTT / 2), LARGE, LARGE);
        long bytes = (long) PACKETS * PAYLOAD;
        pair.dial().send(bytes).thenFinish();
        long[] most = {0};
        int[] data = {0};
        Paths.dropWhile(pair.toServer, datagram -> {
            most[0] = Math.max(most[0], pair.clientPeer().connection.stats().bytesInFlight());
            // One early, so that nearly all that is in flight lies behind it, past the longest selective ack.
            return datagram.packet().type() == PacketType.DATA && data[0]++ == 100;
        });
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == bytes, 60 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertTrue(most[0] >= 15_900L * 1_402, "seed " + seed + ": " + most[0] + " bytes in flight at most");
        assertEquals(1, stats.losses(), "seed " + seed + ": " + stats);
        assertEquals(0, stats.timeouts(), "seed " + seed + ": " + stats);
    }

    /**
     * More waits behind a gap than a selective ack speaks of, and so counts as in flight, and the window becomes smaller than
     * that: the gaps must be closed all the same, and not by one timeout each.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void gapsAreClosedAlthoughTheWindowIsFull(long seed) {
        long packet = 1_402;
        EndpointConfig shrinking = EndpointConfig.DEFAULT.withConnection(LARGE.connection()
                .withCongestionController(maxPacketBytes -> new FixedController(4_000 * packet) {
                    private long window = super.windowBytes();

                    @Override
                    public void onLossEpisode(long nowNanos) {
                        window = 1_000 * packet;
                    }

                    @Override
                    public long windowBytes() {
                        return window;
                    }
                }));
        Pair pair = new Pair(seed, Paths.delay(RTT / 2), shrinking, shrinking);
        long bytes = 12_000L * PAYLOAD;
        pair.dial().send(bytes).thenFinish();
        int[] data = {0};
        // Ten of them, far apart.
        Paths.dropWhile(
                pair.toServer,
                datagram -> datagram.packet().type() == PacketType.DATA
                        && data[0]++ >= 5_000
                        && data[0] <= 6_000
                        && data[0] % 100 == 0);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == bytes, 30 * SECONDS);
        ConnectionStats stats = pair.clientPeer().connection.stats();
        assertEquals(0, stats.timeouts(), "seed " + seed + ": " + stats);
    }
}
