package dev.tandem.utp.benchmark.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CellReaderTest {
    private final List<Long> words = new ArrayList<>();
    private final CellReader reader = new CellReader(words::add);

    @Test
    void findsTheCellsHoweverTheyAreCut() {
        ByteBuf cells = Unpooled.buffer();
        CellReader.write(cells, 0, 7L << 40);
        CellReader.write(cells, 1, -1);
        for (int size = 1; cells.isReadable(); size = size % 37 + 1) {
            reader.read(cells.readSlice(Math.min(size, cells.readableBytes())));
        }
        assertEquals(List.of(7L << 40, -1L), words);
        assertEquals(2, reader.cells());
    }

    @Test
    void missesACell() {
        ByteBuf cells = Unpooled.buffer();
        CellReader.write(cells, 1, 0);
        assertThrows(IllegalStateException.class, () -> reader.read(cells));
    }

    @Test
    void noticesAByteThatCameTwice() {
        ByteBuf cells = Unpooled.buffer();
        CellReader.write(cells, 0, 0);
        cells.writeByte(0);
        CellReader.write(cells, 1, 0);
        assertThrows(IllegalStateException.class, () -> reader.read(cells));
    }
}
