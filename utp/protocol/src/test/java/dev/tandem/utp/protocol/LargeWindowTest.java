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
}
