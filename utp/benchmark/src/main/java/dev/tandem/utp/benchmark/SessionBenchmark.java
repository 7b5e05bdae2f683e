package dev.tandem.utp.benchmark;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Both ends of a session without sealing and sockets; one operation is 4 KiB: written, framed, delivered, acknowledged. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SessionBenchmark {
    private static final int BATCHES = 1_000;

    private final SessionPipe pipe = new SessionPipe();

    @Setup(Level.Trial)
    public void begin() {
        pipe.run(BATCHES);
    }

    @Benchmark
    @OperationsPerInvocation(BATCHES)
    public void batch() {
        pipe.run(BATCHES);
    }

    @TearDown(Level.Trial)
    public void end() {
        pipe.close();
    }
}
