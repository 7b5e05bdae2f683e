package dev.tandem.utp.benchmark;

import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Both ends of a bulk transfer; one operation is a packet of data: written, sent, received, read, and acknowledged. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBenchmark {
    private static final int PACKETS = 10_000;

    /** Until buffers have their size, and the controller has left its start. */
    private static final int PACKETS_BEFORE = 100_000;

    @Param({"bbr", "cubic", "ledbat"})
    String congestion = "bbr";

    /** In per cent of the packets of data. */
    @Param({"0", "1"})
    int loss;

    private EnginePipe pipe = new EnginePipe(CongestionControl.BBR, 0);

    @Setup(Level.Trial)
    public void begin() {
        pipe = new EnginePipe(CongestionControl.parse("congestion", congestion), loss / 100.0);
        pipe.run(PACKETS_BEFORE);
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void packet() {
        pipe.run(PACKETS);
    }
}
