package dev.tandem.utp.benchmark;

import dev.tandem.utp.protocol.stream.ReassemblyBuffer;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import java.nio.ByteBuffer;
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

/** A selective acknowledgement with every third packet missing: made of what has come, and read bit by bit. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SelectiveAckBenchmark {
    private static final int CAPACITY_BYTES = 8 << 20;

    /** What foreign peers read, and what ours do. */
    @Param({"32", "248"})
    int bytes = 32;

    private final ByteBuffer out = ByteBuffer.allocateDirect(1_400);
    private final Packet packet = new Packet();
    private ReassemblyBuffer received = new ReassemblyBuffer(CAPACITY_BYTES, 0);
    private byte[] bitmap = new byte[PacketWriter.MAX_SELECTIVE_ACK_BYTES];
    private ByteBuffer in = ByteBuffer.allocate(0);

    @Setup(Level.Trial)
    public void receive() {
        bitmap = new byte[bytes];
        received = new ReassemblyBuffer(CAPACITY_BYTES, 0);
        for (int seqNr = 2; seqNr < 2 + 8 * bytes; seqNr++) {
            if (seqNr % 3 != 0) {
                received.offer(seqNr, ByteBuffer.allocate(1_000));
            }
        }
        write();
        in = ByteBuffer.allocateDirect(out.position()).put(out.flip()).flip();
    }

    private void write() {
        PacketWriter.header(out.clear(), PacketType.STATE, 4_711, 1, 1, 1 << 20, 1, received.ackNr());
        PacketWriter.selectiveAck(out, 0, bitmap, received.selectiveAck(bitmap));
    }

    @Benchmark
    public ByteBuffer build() {
        write();
        return out;
    }

    @Benchmark
    public int parse() {
        if (!packet.decode(in.rewind()) || packet.selectiveAckBits() != 8 * bytes) {
            throw new IllegalStateException("a selective acknowledgement that was just written is malformed");
        }
        int missing = 0;
        for (int i = 0; i < bytes; i++) {
            missing += 8 - Integer.bitCount(packet.selectiveAckByte(i) & 0xff);
        }
        return missing;
    }
}
