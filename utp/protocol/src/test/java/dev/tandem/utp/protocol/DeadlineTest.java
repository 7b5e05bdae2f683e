package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** There is one deadline, it is exact, and a driver that is early or late does no harm. */
class DeadlineTest {
    private static final ByteBuffer OUT = ByteBuffer.allocate(65_536);

    @Test
    void anEndpointWithoutConnectionsHasNone() {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(1)::nextInt);
        assertEquals(Endpoint.NO_TIMEOUT, endpoint.pollTimeout());
        endpoint.handleTimeout(123);
        assertNull(endpoint.pollTransmit(123, OUT.clear()));
    }

    @Test
    void isExactAndNothingHappensBeforeIt() {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(1)::nextInt);
        endpoint.connect(0, Pair.SERVER);
        List<Long> sent = new ArrayList<>();
        long now = 0;
        while (true) {
            while (endpoint.pollTransmit(now, OUT.clear()) != null) {
                sent.add(now / SECONDS);
            }
            long deadline = endpoint.pollTimeout();
            if (deadline == Endpoint.NO_TIMEOUT) {
                break;
            }
            assertTrue(deadline > now);
            endpoint.handleTimeout(deadline - 1);
            assertNull(endpoint.pollTransmit(deadline - 1, OUT.clear()));
            now = deadline;
            endpoint.handleTimeout(now);
        }
        assertEquals(List.of(0L, 1L, 3L, 7L, 15L), sent);
        assertEquals(21 * SECONDS, now);
    }

    @Test
    void aLateDriverLosesNothing() {
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(1)::nextInt);
        Connection connection = endpoint.connect(0, Pair.SERVER);
        endpoint.handleTimeout(100 * SECONDS);
        assertEquals(CloseReason.CONNECT_TIMEOUT, connection.closeReason());
        assertEquals(Endpoint.NO_TIMEOUT, endpoint.pollTimeout());
    }

    @Test
    void servesManyConnectionsInTheOrderOfTheirDeadlines() {
        Random random = new Random(5);
        Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, random::nextInt);
        List<Long> expected = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            long start = random.nextInt(900) * MILLIS;
            ConnectionConfig config = ConnectionConfig.DEFAULT.withConnectTimeoutNanos(SECONDS / 2);
            endpoint.connect(start, Pair.SERVER, config);
            expected.add(start + SECONDS / 2);
        }
        expected.sort(null);
        List<Long> ended = new ArrayList<>();
        while (endpoint.pollTimeout() != Endpoint.NO_TIMEOUT) {
            long now = endpoint.pollTimeout();
            endpoint.handleTimeout(now);
            while (endpoint.pollTransmit(now, OUT.clear()) != null) {}
            while (endpoint.pollEvent() != null) {
                ended.add(now);
            }
        }
        assertEquals(expected, ended);
    }

    @Test
    void timeMayBeNegativeOrWrap() {
        for (long origin : new long[] {Long.MIN_VALUE / 2, -5, Long.MAX_VALUE / 2}) {
            Endpoint endpoint = new Endpoint(EndpointConfig.DEFAULT, new Random(1)::nextInt);
            Connection connection = endpoint.connect(origin, Pair.SERVER);
            endpoint.handleTimeout(origin + 20 * SECONDS);
            assertNull(connection.closeReason());
            endpoint.handleTimeout(origin + 22 * SECONDS);
            assertEquals(CloseReason.CONNECT_TIMEOUT, connection.closeReason());
        }
    }
}
