package dev.tandem.utp.benchmark.simulate;

import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The tor behind the bridge's end of a session: has what was asked for at once, and writes while the session takes it. */
final class TorBridge implements SimulatedSession.User {
    /** So much tor writes at once, about. */
    private static final int CELLS_AT_ONCE = 8;

    private final World world;
    private final CellReader requests = new CellReader(this::onRequest);
    private @Nullable SimulatedSession session;
    private long cellsWritten;
    private long cellsWanted;
    private boolean writing;

    TorBridge(World world) {
        this.world = world;
    }

    void use(SimulatedSession link) {
        session = link;
    }

    /** Cells that clients have asked for, and that the session took. */
    long cellsWritten() {
        return cellsWritten;
    }

    private void onRequest(long cells) {
        cellsWanted += cells;
    }

    @Override
    public void onBytes(ByteBuf bytes) {
        requests.read(bytes);
        write();
    }

    @Override
    public void onWritable() {
        write();
    }

    private void write() {
        SimulatedSession link = Objects.requireNonNull(session);
        if (writing) {
            return;
        }
        writing = true;
        while (cellsWritten < cellsWanted && link.isWritable()) {
            int count = (int) Math.min(CELLS_AT_ONCE, cellsWanted - cellsWritten);
            ByteBuf cells = world.allocator.heapBuffer(count * CellReader.CELL_BYTES);
            for (int i = 0; i < count; i++) {
                CellReader.write(cells, cellsWritten++, 0);
            }
            link.write(cells);
            link.flush();
        }
        writing = false;
    }
}
