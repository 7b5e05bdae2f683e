package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many connections of one endpoint, each with a trickle of cells, beside one bulk flow of the same endpoint. */
class CrowdTest {
    private static final int CONNECTIONS = 100;
    private static final int CELL_BYTES = 514;
    private static final long DELAY = 10 * MILLIS;
    private static final long RATE = 20_000_000;
    private static final long QUEUE_BYTES = RATE / 8 * 2 * DELAY / SECONDS;

    /** Ten kilobytes a second on each connection, one after the other. */
    private static final long CELL_NANOS = SECONDS * CELL_BYTES / 10_000 / CONNECTIONS;

    private static final byte BULK = -1;

    /** Both endpoints, and the path between them. */
    private static final class Crowd {
        private final List<Long> delays = new ArrayList<>();
        private final List<Connection> trickles = new ArrayList<>();
        private final ByteBuffer buffer = ByteBuffer.allocate(4 << 10);
        private final Connection bulk;
        private final Endpoint client;
        private final Endpoint server;
        private final Link<Datagram> toServer;
        private final Link<Datagram> toClient;
        private long now;
        private long bulkBytes;
        private boolean measuring;

        /** When the next cell is due. */
        private long dueNanos = Endpoint.NO_TIMEOUT;

        private int next;

        /** All are connected, and nothing is written yet. */
        Crowd(long seed, CongestionController.Factory controller) {
            Random random = new Random(seed);
            ConnectionConfig config = ConnectionConfig.DEFAULT.withCongestionController(controller);
            client = new Endpoint(EndpointConfig.DEFAULT.withConnection(config), random::nextInt);
            server = new Endpoint(EndpointConfig.DEFAULT.withConnection(config), random::nextInt);
            LinkConditions conditions = Paths.delay(DELAY).withRate(RATE).withQueue(QUEUE_BYTES);
            toServer = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
            toClient = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
            now = random.nextInt(1_000) * MILLIS;
            bulk = client.connect(now, Pair.SERVER);
            for (int i = 0; i < CONNECTIONS; i++) {
                trickles.add(client.connect(now, Pair.SERVER));
            }
            runUntil(now + SECONDS);
            for (Connection trickle : trickles) {
                assertTrue(trickle.isEstablished(), "seed " + seed);
            }
        }

        private void runUntil(long endNanos) {
            drain(client, toServer);
            while (true) {
                long packets = Math.min(toServer.nextDeliveryNanos(), toClient.nextDeliveryNanos());
                long timeouts = Math.min(client.pollTimeout(), server.pollTimeout());
                long first = Math.min(dueNanos, Math.min(packets, timeouts));
                if (first > endNanos) {
                    now = endNanos;
                    return;
                }
                now = Math.max(now, first);
                for (Datagram datagram; (datagram = toServer.poll(now)) != null; ) {
                    server.handleDatagram(now, Pair.CLIENT, ByteBuffer.wrap(datagram.bytes()));
                }
                for (Datagram datagram; (datagram = toClient.poll(now)) != null; ) {
                    client.handleDatagram(now, Pair.SERVER, ByteBuffer.wrap(datagram.bytes()));
                }
                client.handleTimeout(now);
                server.handleTimeout(now);
                while (dueNanos <= now) {
                    writeCell(trickles.get(next));
                    next = (next + 1) % CONNECTIONS;
                    dueNanos += CELL_NANOS;
                }
                drain(server, toClient);
                drain(client, toServer);
            }
        }

        private void writeCell(Connection trickle) {
            ByteBuffer cell = ByteBuffer.allocate(CELL_BYTES).putLong(0, dueNanos);
            assertEquals(CELL_BYTES, trickle.write(cell), "a trickle always has room for a cell");
        }

        private void drain(Endpoint endpoint, Link<Datagram> link) {
            for (boolean any = true; any; ) {
                any = false;
                for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; any = true) {
                    onEvent(event);
                }
                for (Transmit transmit; (transmit = endpoint.pollTransmit(now, buffer.clear())) != null; any = true) {
                    byte[] bytes = new byte[transmit.sizeBytes()];
                    buffer.flip().get(bytes);
                    link.send(now, new Datagram(bytes));
                }
            }
        }

        private void onEvent(ConnectionEvent event) {
            Connection connection = event.connection();
            switch (event.kind()) {
                case INCOMING -> connection.attachment(new Inbox());
                case READABLE -> {
                    if (connection.attachment() instanceof Inbox inbox) {
                        inbox.read(connection);
                    }
                }
                case WRITABLE -> writeBulk(connection);
                case CONNECTED -> {}
                case CLOSED -> throw new AssertionError("closed: " + connection.closeReason());
            }
        }

        private static void writeBulk(Connection connection) {
            ByteBuffer bytes = ByteBuffer.allocate(4 << 10);
            Arrays.fill(bytes.array(), BULK);
            do {
                connection.write(bytes.clear());
            } while (!bytes.hasRemaining());
        }

        /** The receiving end of a connection: cells, which begin with the moment at which they were due, or bulk. */
        private final class Inbox {
            private final ByteBuffer in = ByteBuffer.allocate(4 << 10);
            private boolean isBulk;
            private long position;
            private long due;

            void read(Connection connection) {
                while (connection.read(in.clear()) > 0) {
                    in.flip();
                    if (position == 0) {
                        isBulk = in.get(0) == BULK;
                    }
                    if (isBulk) {
                        bulkBytes += measuring ? in.remaining() : 0;
                        position += in.remaining();
                    } else {
                        readCells();
                    }
                }
            }

            private void readCells() {
                while (in.hasRemaining()) {
                    byte value = in.get();
                    long at = position++ % CELL_BYTES;
                    if (at < Long.BYTES) {
                        due = due << 8 | (value & 0xff);
                    } else if (at == CELL_BYTES - 1 && measuring) {
                        delays.add(now - due);
                    }
                }
            }
        }

        /** The size of the next datagram of the sender. */
        int pollBytes() {
            return Objects.requireNonNull(client.pollTransmit(now, buffer.clear()))
                    .sizeBytes();
        }
    }

    /** Bulk takes what the cells leave, and its queue is not theirs to wait in for long. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void cellsDoNotStarveBesideBulk(long seed) {
        Crowd crowd = new Crowd(seed, Bbr::new);
        crowd.dueNanos = crowd.now;
        Crowd.writeBulk(crowd.bulk);
        crowd.runUntil(crowd.now + 3 * SECONDS);
        crowd.measuring = true;
        crowd.runUntil(crowd.now + 5 * SECONDS);
        crowd.delays.sort(null);
        long median = crowd.delays.get(crowd.delays.size() / 2);
        long p99 = crowd.delays.get(crowd.delays.size() * 99 / 100);
        String figures = "seed " + seed + ": median " + median / 1_000 + " µs, p99 " + p99 / 1_000 + " µs, bulk "
                + crowd.bulkBytes * 8 / 5_000 + " kbit/s";
        assertTrue(crowd.delays.size() > 0.95 * 5 * SECONDS / CELL_NANOS, figures);
        assertTrue(p99 <= 3 * median, figures);
        assertTrue(p99 <= DELAY + QUEUE_BYTES * 8 * SECONDS / RATE + 5 * MILLIS, figures);
        assertTrue(crowd.bulkBytes * 8 > 0.4 * 5 * RATE, figures);
    }

    /** Whoever drives the endpoint may stop at any time: no connection has a second datagram before all have had one. */
    @Test
    void allTakeTurns() {
        Crowd crowd = new Crowd(1, maxPacketBytes -> new FixedController(1 << 20));
        crowd.bulk.write(ByteBuffer.allocate(200_000));
        for (Connection trickle : crowd.trickles) {
            trickle.write(ByteBuffer.allocate(CELL_BYTES));
        }
        int cells = 0;
        for (int i = 0; i <= CONNECTIONS; i++) {
            cells += crowd.pollBytes() == CELL_BYTES + 20 ? 1 : 0;
        }
        assertEquals(CONNECTIONS, cells);
        assertTrue(crowd.pollBytes() > CELL_BYTES + 20, "bulk goes on");
    }
}
