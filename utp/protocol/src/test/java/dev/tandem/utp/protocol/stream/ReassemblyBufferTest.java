package dev.tandem.utp.protocol.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.stream.ReassemblyBuffer.Offer;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReassemblyBufferTest {
    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void ordersAnyPermutation(long seed) {
        Random random = new Random(seed);
        int packets = 2_000;
        int base = 65_000;
        List<Integer> order = new ArrayList<>();
        for (int i = 1; i <= packets; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, base);
        for (int i : order) {
            ByteBuffer payload = bytes(4).putInt(0, i);
            Offer offer = buffer.offer(SequenceNumbers.plus(base, i), payload);
            assertTrue(offer == Offer.IN_ORDER || offer == Offer.AHEAD, "seed " + seed);
            assertEquals(Offer.DUPLICATE, buffer.offer(SequenceNumbers.plus(base, i), bytes(4)), "seed " + seed);
        }
        ByteBuffer read = bytes(packets * 4);
        assertEquals(packets * 4, buffer.read(read));
        for (int i = 1; i <= packets; i++) {
            assertEquals(i, read.getInt((i - 1) * 4), "seed " + seed);
        }
        assertFalse(buffer.hasGap());
        assertEquals(1 << 20, buffer.freeBytes());
    }

    /** On a path with loss most packets wait, and none of them is to cost storage of its own. */
    @Test
    void usesTheStorageOfPacketsThatWaitedAgain() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 0);
        buffer.offer(2, bytes(1_000).put(0, (byte) 2));
        byte[] storage = buffer.waiting()[2];
        buffer.offer(1, bytes(1_000).put(0, (byte) 1));
        buffer.offer(4, bytes(1_000).put(0, (byte) 4));
        assertSame(storage, buffer.waiting()[4]);
        buffer.offer(3, bytes(1_000).put(0, (byte) 3));
        ByteBuffer read = bytes(4_000);
        assertEquals(4_000, buffer.read(read));
        for (int i = 0; i < 4; i++) {
            assertEquals(i + 1, read.get(i * 1_000));
        }
        assertTrue(buffer.isTrimmable());
        buffer.trim();
        assertFalse(buffer.isTrimmable());
        buffer.offer(6, bytes(1_000));
        assertNotSame(storage, buffer.waiting()[6 & (buffer.waiting().length - 1)]);
    }

    /** The largest packets are what a busy connection receives; small ones between them are not to be in their way. */
    @Test
    void keepsStorageOfTheLargestOnly() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 0);
        buffer.offer(2, bytes(1_000));
        buffer.offer(3, bytes(1_400));
        byte[] large = buffer.waiting()[3];
        buffer.offer(4, bytes(1_000));
        buffer.offer(1, bytes(1));
        buffer.offer(6, bytes(1_400));
        assertSame(large, buffer.waiting()[6]);
        buffer.offer(7, bytes(1_400));
        assertNotSame(large, buffer.waiting()[7]);
        assertEquals((1 << 20) - 3_401 - 2_800, buffer.freeBytes());
    }

    @Test
    void tellsWhichPacketsWait() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 65_534);
        byte[] bitmap = new byte[248];
        assertEquals(0, buffer.selectiveAck(bitmap));
        buffer.offer(0, bytes(1)); // ack_nr + 2
        buffer.offer(9, bytes(1)); // ack_nr + 11
        buffer.offer(32, bytes(1)); // ack_nr + 34
        assertEquals(8, buffer.selectiveAck(bitmap));
        assertEquals(0b1, bitmap[0]);
        assertEquals(0b10, bitmap[1]);
        assertEquals(0b1, bitmap[4]);
        assertEquals(4, buffer.selectiveAck(new byte[4]));
    }

    @Test
    void holdsNoMoreThanItsCapacity() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(10_000, 0);
        int kept = 0;
        for (int seqNr = 2; seqNr < 100; seqNr++) {
            kept += buffer.offer(seqNr, bytes(1_000)) == Offer.AHEAD ? 1_000 : 0;
        }
        assertEquals(10_000, kept);
        assertEquals(0, buffer.freeBytes());
        // The one packet that is missing has room of its own, or nothing could ever be read.
        assertEquals(Offer.IN_ORDER, buffer.offer(1, bytes(1_000)));
        assertEquals(11_000, buffer.readableBytes());
        assertEquals(Offer.REFUSED, buffer.offer(12, bytes(1_500)));
    }

    @Test
    void boundsHowFarAheadAPacketMayBe() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 0);
        assertEquals(Offer.AHEAD, buffer.offer(ReassemblyBuffer.MAX_PACKETS_AHEAD, bytes(0)));
        assertEquals(Offer.REFUSED, buffer.offer(ReassemblyBuffer.MAX_PACKETS_AHEAD + 1, bytes(0)));
        assertEquals(Offer.DUPLICATE, buffer.offer(65_535, bytes(1)));
    }

    @Test
    void endsBehindTheLastPacket() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 0);
        assertEquals(Offer.AHEAD, buffer.offerFin(3));
        assertTrue(buffer.hasGap());
        assertEquals(Offer.REFUSED, buffer.offer(3, bytes(1)));
        assertEquals(Offer.REFUSED, buffer.offer(4, bytes(1)));
        assertEquals(Offer.REFUSED, buffer.offerFin(5));
        assertEquals(Offer.AHEAD, buffer.offer(2, bytes(1)));
        assertFalse(buffer.isEnded());
        assertEquals(Offer.IN_ORDER, buffer.offer(1, bytes(1)));
        assertTrue(buffer.isEnded());
        assertEquals(3, buffer.ackNr());
        assertEquals(Offer.DUPLICATE, buffer.offerFin(3));
    }

    @Test
    void refusesAnEndBeforeDataThatItHas() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(1 << 20, 0);
        buffer.offer(5, bytes(1));
        assertEquals(Offer.REFUSED, buffer.offerFin(4));
    }

    @Test
    void discardsWithoutGrowing() {
        ReassemblyBuffer buffer = new ReassemblyBuffer(4_096, 0);
        buffer.discard();
        for (int seqNr = 1; seqNr < 1_000; seqNr++) {
            assertEquals(Offer.IN_ORDER, buffer.offer(seqNr, bytes(1_000)));
        }
        assertEquals(0, buffer.readableBytes());
        assertEquals(4_096, buffer.freeBytes());
    }
}
