package dev.tandem.utp.benchmark;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A packet of data on the wire: its header written, and read again. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PacketBenchmark {
    private static final int DATAGRAM_BYTES = 1_400;

    private final ByteBuffer out = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
    private final ByteBuffer in = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
    private final Packet packet = new Packet();
    private int seqNr;

    public PacketBenchmark() {
        write(in);
    }

    private ByteBuffer write(ByteBuffer buffer) {
        seqNr++;
        PacketWriter.header(buffer.clear(), PacketType.DATA, 4_711, seqNr, seqNr, 1 << 20, seqNr, seqNr);
        return buffer;
    }

    @Benchmark
    public ByteBuffer encode() {
        return write(out);
    }

    @Benchmark
    public int decode() {
        if (!packet.decode(in.clear())) {
            throw new IllegalStateException("a packet that was just written is malformed");
        }
        return packet.seqNr() + packet.payload().remaining();
    }
}
