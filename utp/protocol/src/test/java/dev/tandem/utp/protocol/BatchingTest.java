package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.PacketType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes out at one moment is one call of the kernel, and one interrupt of the peer. */
class BatchingTest {
    private static final int PACKET = 1_402;
    private static final long FAST = 500_000_000;

    private static EndpointConfig with(long windowBytes, long bytesPerSecond) {
        return EndpointConfig.DEFAULT.withConnection(ConnectionConfig.DEFAULT
                .withSendBufferBytes(16 << 20)
                .withReceiveBufferBytes(16 << 20)
                .withCongestionController(maxPacketBytes -> new FixedController(windowBytes) {
                    @Override
                    public long pacingBytesPerSecond() {
                        return bytesPerSecond;
                    }
                }));
    }

    /** How many packets went out at each moment, from the second round trip on. */
    private static List<Integer> batches(Pair pair, int bytes) {
        List<Integer> sizes = new ArrayList<>();
        long[] last = {-1};
        Paths.dropWhile(pair.toServer, datagram -> {
            if (datagram.packet().type() == PacketType.DATA) {
                if (pair.now != last[0]) {
                    sizes.add(0);
                }
                last[0] = pair.now;
                sizes.set(sizes.size() - 1, sizes.get(sizes.size() - 1) + 1);
            }
            return false;
        });
        pair.dial().send(bytes);
        pair.until(() -> pair.firstAccepted() != null && pair.serverPeer().received == bytes, 60 * SECONDS);
        return sizes.subList(sizes.size() / 4, sizes.size() - 1);
    }

    /** Acknowledged two by two, and sent again by dozens. */
    @Test
    void roomInAFullWindowIsCollected() {
        EndpointConfig config = with(250_000, FAST);
        Pair pair = new Pair(1, Paths.delay(MILLIS / 10).withRate(2_000_000_000), config, config);
        List<Integer> sizes = batches(pair, 8_000_000);
        double mean = sizes.stream().mapToInt(i -> i).average().orElseThrow();
        assertTrue(mean > 40, () -> "batches of " + sizes);
    }

    /** Never so much that the path runs dry, nor so much that a slow path sees a burst. */
    @ParameterizedTest
    @ValueSource(longs = {1_000_000, 5_000_000, 20_000_000})
    void noMoreThanHalfAMillisecondAtThePaceIsCollected(long bytesPerSecond) {
        EndpointConfig config = with(bytesPerSecond / 12, 2 * bytesPerSecond);
        Pair pair = new Pair(1, Paths.delay(25 * MILLIS).withRate(8 * bytesPerSecond), config, config);
        long began = pair.now;
        int bytes = (int) (2 * bytesPerSecond);
        List<Integer> sizes = batches(pair, bytes);
        int most = (int) Math.max(2, 2 * bytesPerSecond / 2_000 / PACKET + 2);
        assertTrue(sizes.stream().allMatch(size -> size <= most), () -> "batches of " + sizes);
        double share = (double) bytes / bytesPerSecond / ((double) (pair.now - began) / SECONDS);
        assertTrue(share > 0.9, () -> share + " of the rate");
    }
}
