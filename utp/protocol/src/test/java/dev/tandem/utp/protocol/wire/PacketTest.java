package dev.tandem.utp.protocol.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacketTest {
    /** DATA, version 1, no extension, id 0x1234, then timestamps, window, numbers; written out from BEP 29 by hand. */
    private static final String DATA = "0100 1234 01020304 05060708 00100000 fffe 0102".replace(" ", "");

    private static ByteBuffer hex(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    @Test
    void readsTheHeaderOfBep29() {
        Packet packet = new Packet();
        assertTrue(packet.decode(hex(DATA + "cafe")));
        assertEquals(PacketType.DATA, packet.type());
        assertEquals(0x1234, packet.connectionId());
        assertEquals(0x01020304, packet.timestampMicros());
        assertEquals(0x05060708, packet.timestampDifferenceMicros());
        assertEquals(0x100000, packet.wndSize());
        assertEquals(0xfffe, packet.seqNr());
        assertEquals(0x0102, packet.ackNr());
        assertEquals(0, packet.selectiveAckBits());
        assertEquals(2, packet.payload().remaining());
    }

    @Test
    void writesWhatItReads() {
        ByteBuffer out = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        PacketWriter.header(out, PacketType.DATA, 0x1234, 0x01020304, 0x05060708, 0x100000, 0xfffe, 0x0102);
        assertEquals(DATA, HexFormat.of().formatHex(out.array(), 0, out.position()));
    }

    @Test
    void capsAWindowAboveThirtyTwoBits() {
        ByteBuffer out = ByteBuffer.allocate(64);
        PacketWriter.header(out, PacketType.STATE, 1, 2, 3, 1L << 40, 4, 5);
        Packet packet = new Packet();
        assertTrue(packet.decode(out.flip()));
        assertEquals(0xffffffffL, packet.wndSize());
    }

    @Test
    void writesASelectiveAck() {
        ByteBuffer out = ByteBuffer.allocate(64);
        PacketWriter.header(out, PacketType.STATE, 1, 2, 3, 4, 5, 6);
        PacketWriter.selectiveAck(out, 0, new byte[] {(byte) 0x81, 0, 0, 0x40, 0, 0, 0, 0}, 4);
        Packet packet = new Packet();
        assertTrue(packet.decode(out.flip()));
        assertEquals(32, packet.selectiveAckBits());
        assertEquals(0x81, packet.selectiveAckByte(0));
        assertEquals(0x40, packet.selectiveAckByte(3));
        assertFalse(packet.payload().hasRemaining());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 252})
    void refusesToWriteASelectiveAckThatIsNoSetOfWords(int bytes) {
        ByteBuffer out = ByteBuffer.allocate(512);
        PacketWriter.header(out, PacketType.STATE, 1, 2, 3, 4, 5, 6);
        assertThrows(IllegalArgumentException.class, () -> PacketWriter.selectiveAck(out, 0, new byte[256], bytes));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 120, 255})
    void readsASelectiveAckOfAnyLength(int length) {
        ByteBuffer out = ByteBuffer.allocate(600);
        PacketWriter.header(out, PacketType.STATE, 1, 2, 3, 4, 5, 6);
        out.put(1, (byte) 1).put((byte) 0).put((byte) length).put(new byte[length]);
        Packet packet = new Packet();
        assertTrue(packet.decode(out.flip()));
        assertEquals(length * 8, packet.selectiveAckBits());
    }

    @Test
    void skipsUnknownExtensionsAndReadsThoseBehind() {
        // Extension 9 of 2 bytes, extension 2 of 8, extension 1 of 4, then one byte of payload.
        String chain =
                "0109 0001 00000000 00000000 00000000 0000 0000 02 02 aaaa 01 08 0102030405060708 00 04 11223344 7f";
        Packet packet = new Packet();
        assertTrue(packet.decode(hex(chain)));
        assertEquals(0x0102030405060708L, packet.extensionBits());
        assertEquals(0x11, packet.selectiveAckByte(0));
        assertEquals(1, packet.payload().remaining());
    }

    @Test
    void forgetsTheExtensionsOfThePacketBefore() {
        Packet packet = new Packet();
        assertTrue(packet.decode(hex("2101 0001 00000000 00000000 00000000 0000 0000 00 04 11223344")));
        assertTrue(packet.decode(hex(DATA)));
        assertEquals(0, packet.selectiveAckBits());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "01",
                "0100 1234 01020304 05060708 00100000 fffe 01", // a byte short
                "0200 1234 01020304 05060708 00100000 fffe 0102", // version 2
                "0000 1234 01020304 05060708 00100000 fffe 0102", // version 0
                "5100 1234 01020304 05060708 00100000 fffe 0102", // type 5
                "f100 1234 01020304 05060708 00100000 fffe 0102", // type 15
                "2101 1234 01020304 05060708 00100000 fffe 0102", // an extension that is not there
                "2101 1234 01020304 05060708 00100000 fffe 0102 00", // one without its length
                "2101 1234 01020304 05060708 00100000 fffe 0102 00 04 112233", // one cut off
                "2101 1234 01020304 05060708 00100000 fffe 0102 01 00", // a chain that does not end
            })
    void refusesWhatIsNotAPacket(String hex) {
        assertFalse(new Packet().decode(hex(hex)));
    }

    @Test
    void neverThrowsOnGarbage() {
        long seed = 20_261_123;
        Random random = new Random(seed);
        Packet packet = new Packet();
        int wellFormed = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            if (bytes.length > 0 && random.nextBoolean()) {
                bytes[0] = (byte) (random.nextInt(5) << 4 | 1);
            }
            if (packet.decode(ByteBuffer.wrap(bytes))) {
                wellFormed++;
                for (int b = 0; b * 8 < packet.selectiveAckBits(); b++) {
                    packet.selectiveAckByte(b);
                }
            }
        }
        assertTrue(wellFormed > 100, "seed " + seed + " made only " + wellFormed + " packets");
    }
}
