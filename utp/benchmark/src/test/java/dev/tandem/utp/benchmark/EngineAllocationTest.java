package dev.tandem.utp.benchmark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A bulk transfer makes no garbage to speak of: the bound is that of both ends together, for each packet of data. */
class EngineAllocationTest {
    private static final int PACKETS = 20_000;
    private static final int MAX_BYTES = 100;

    @ParameterizedTest
    @CsvSource({"BBR, 0", "BBR, 0.01", "CUBIC, 0", "CUBIC, 0.01", "LEDBAT, 0", "LEDBAT_PLUS_PLUS, 0"})
    void allocatesLittleForEachPacket(CongestionControl congestion, double loss) {
        EnginePipe pipe = new EnginePipe(congestion, loss);
        pipe.run(3 * PACKETS);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        pipe.run(PACKETS);
        double bytes = (threads.getCurrentThreadAllocatedBytes() - before) / (double) PACKETS;
        assertTrue(bytes <= MAX_BYTES, () -> "bytes for each packet: " + bytes);
    }
}
