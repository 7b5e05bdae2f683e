package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Any bytes as one packet. Without the fuzzer it runs the inputs of the corpus among the resources. */
class PacketFuzzTest {
    /** What decodes says the same when it is written again. */
    @FuzzTest(maxDuration = "10s")
    void decodesOrRefuses(byte[] datagram) {
        Packet packet = new Packet();
        ByteBuffer buffer = ByteBuffer.wrap(datagram);
        if (!packet.decode(buffer)) {
            return;
        }
        assertTrue(packet.payload().remaining() <= datagram.length - Packet.HEADER_BYTES);
        for (int i = 0; i * 8 < packet.selectiveAckBits(); i++) {
            assertTrue(packet.selectiveAckByte(i) >= 0);
        }
        ByteBuffer out = ByteBuffer.allocate(Packet.HEADER_BYTES + 10);
        PacketWriter.header(
                out,
                packet.type(),
                packet.connectionId(),
                packet.timestampMicros(),
                packet.timestampDifferenceMicros(),
                packet.wndSize(),
                packet.seqNr(),
                packet.ackNr());
        byte[] header = Arrays.copyOf(datagram, Packet.HEADER_BYTES);
        header[1] = 0;
        assertArrayEquals(header, Arrays.copyOf(out.array(), Packet.HEADER_BYTES));
        if (packet.extensionBits() != 0) {
            PacketWriter.extensionBits(out, 0, packet.extensionBits());
            Packet again = new Packet();
            assertTrue(again.decode(out.flip()));
            assertEquals(packet.extensionBits(), again.extensionBits());
        }
    }
}
