package dev.tandem.utp.benchmark;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A record of the µTP carrier: sealed; and sealed, then opened by the other side, since each record opens once only. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SealingBenchmark {
    /** A packet's, what the link makes, and the largest. */
    @Param({"1400", "4096", "16384"})
    int bytes = 1_400;

    private ByteBuf plain = Unpooled.EMPTY_BUFFER;
    private ByteBuf record = Unpooled.EMPTY_BUFFER;
    private SealedRecords client = client();
    private SealedRecords server = server();

    /** Each side has keys of its own, equal but counting for themselves. */
    private static PairingKeys keys() {
        return LinkKeys.derive((label, length) -> new byte[length], new byte[32])
                .pairing(0);
    }

    private static SealedRecords client() {
        PairingKeys keys = keys();
        return new SealedRecords(keys.clientToServer(), keys.serverToClient());
    }

    private static SealedRecords server() {
        PairingKeys keys = keys();
        return new SealedRecords(keys.serverToClient(), keys.clientToServer());
    }

    @Setup(Level.Trial)
    public void allocate() {
        plain = Unpooled.buffer(bytes).writeZero(bytes);
        record = Unpooled.buffer(bytes + SealedRecords.OVERHEAD);
    }

    /** A key seals a bounded number of records, which a long iteration could reach. */
    @Setup(Level.Iteration)
    public void rekey() {
        client = client();
        server = server();
    }

    @Benchmark
    public ByteBuf seal() throws GeneralSecurityException {
        client.seal(plain.setIndex(0, bytes), record.clear());
        return record;
    }

    @Benchmark
    public ByteBuf sealAndOpen() throws GeneralSecurityException {
        client.seal(plain.setIndex(0, bytes), record.clear());
        return server.open(record);
    }
}
