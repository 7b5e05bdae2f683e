package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionEvent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;

/** The bridge's end of a connection that carries one circuit or several, a cell of each in turn. */
final class CircuitStream implements ConnectionUser {
    /** Cells of one circuit that wait to be sent, each with the time at which it came. */
    static final class Circuit {
        private final World world;
        private final boolean isBulk;
        private final ArrayDeque<Long> cameNanos = new ArrayDeque<>();

        /** @param isBulk whether there is always a cell that has just come */
        Circuit(World world, boolean isBulk) {
            this.world = world;
            this.isBulk = isBulk;
        }

        boolean isBulk() {
            return isBulk;
        }

        /** A cell comes. */
        void add() {
            cameNanos.add(world.now());
        }

        private boolean hasCell() {
            return isBulk || !cameNanos.isEmpty();
        }

        /** The word of its next cell. */
        private long take() {
            return isBulk ? BULK_CELL : cameNanos.remove();
        }
    }

    /** In the place of a time, in a cell of a bulk circuit. */
    static final long BULK_CELL = -1;

    private final List<Circuit> circuits;
    private final SimulatedEndpoint endpoint;
    private final Connection connection;
    private final ByteBuf cells = Unpooled.buffer(CellReader.CELL_BYTES);
    private ByteBuffer unwritten = ByteBuffer.allocate(0);
    private long number;
    private int turn;

    CircuitStream(SimulatedEndpoint endpoint, Connection connection, List<Circuit> circuits) {
        this.endpoint = endpoint;
        this.connection = connection;
        this.circuits = circuits;
        connection.attachment(this);
    }

    /** Writes what the connection takes. */
    void write() {
        boolean more = connection.isEstablished();
        while (more) {
            if (unwritten.hasRemaining()) {
                connection.write(unwritten);
            }
            more = !unwritten.hasRemaining() && fill();
        }
        endpoint.touch();
    }

    private boolean fill() {
        for (int i = 0; i < circuits.size(); i++) {
            turn = (turn + 1) % circuits.size();
            Circuit circuit = circuits.get(turn);
            if (circuit.hasCell()) {
                CellReader.write(cells.clear(), number++, circuit.take());
                unwritten = cells.nioBuffer();
                return true;
            }
        }
        return false;
    }

    @Override
    public void onEvent(ConnectionEvent.Kind event) {
        switch (event) {
            case CONNECTED, WRITABLE -> write();
            case INCOMING, READABLE -> {}
            case CLOSED -> throw new IllegalStateException("a circuit's connection ended: " + connection.closeReason());
        }
    }
}
