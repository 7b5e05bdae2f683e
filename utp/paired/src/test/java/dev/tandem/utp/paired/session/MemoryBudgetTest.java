package dev.tandem.utp.paired.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What sessions may hold together, and what each of them may of that. */
class MemoryBudgetTest {
    private static final int KIB = 1024;
    private static final int STEP = 4 * KIB;

    private final MemoryBudget memory = new MemoryBudget(1024 * KIB);
    private final ByteBuf carrier = Unpooled.buffer(8 * KIB);

    private static Sender sender(MemoryBudget memory) throws MalformedFrameException {
        Sender sender = new Sender(SessionParameters.DEFAULT, UnpooledByteBufAllocator.DEFAULT, memory);
        sender.raiseLimit(1L << 40);
        return sender;
    }

    /** Writes while it may; the peer takes all, and acknowledges nothing. */
    private void writeToSilence(Sender sender) {
        for (sender.updateWritable(); sender.isWritable(); sender.updateWritable()) {
            sender.append(Unpooled.wrappedBuffer(new byte[STEP]));
            while (sender.hasToSend()) {
                sender.fill(carrier.clear(), carrier.capacity());
            }
        }
    }

    @Test
    void oneSessionHoldsNoMoreThanItsOwnBoundWhereMuchIsFree() {
        assertEquals(10_000, memory.share(10_000, 1));
        assertEquals(4 << 20, MemoryBudget.unbounded().share(4 << 20, 1));
    }

    @Test
    void manyWhosePeersDoNotReadStayWithinTheBudgetAndLeaveEachOtherAPart() throws Exception {
        MemoryBudget large = new MemoryBudget(8192 * KIB);
        List<Sender> greedy = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Sender next = sender(large);
            greedy.add(next);
            writeToSilence(next);
        }
        assertFalse(large.isExceeded(), large.usedBytes() + " bytes");
        assertTrue(
                greedy.get(0).retained() >= 256 * KIB,
                "the first one: " + greedy.get(0).retained());
        assertTrue(
                greedy.get(39).retained() >= 16 * KIB,
                "the last one: " + greedy.get(39).retained());
        // An ACK is all that is needed to go on, though all others hold what they held.
        Sender last = greedy.get(39);
        assertTrue(last.handleAck(last.nextSend()));
        assertTrue(last.updateWritable() && last.isWritable());
        greedy.forEach(Sender::release);
        assertEquals(0, large.usedBytes());
    }

    @Test
    void whatWasTakenOutIsNotCounted() {
        ReceiveBuffer buffer = new ReceiveBuffer(UnpooledByteBufAllocator.DEFAULT, memory);
        buffer.insert(10, Unpooled.wrappedBuffer(new byte[50 * KIB]));
        assertTrue(memory.usedBytes() >= 50 * KIB);
        buffer.insert(0, Unpooled.wrappedBuffer(new byte[10]));
        for (ByteBuf bytes = buffer.poll(); bytes != null; bytes = buffer.poll()) {
            bytes.release();
        }
        assertEquals(0, memory.usedBytes());
        buffer.insert(60 * KIB, Unpooled.wrappedBuffer(new byte[KIB]));
        buffer.release();
        assertEquals(0, memory.usedBytes());
    }

    @Test
    void anEighthIsNotForSessionsThatHoldNothing() {
        int sessions = 0;
        for (; memory.hasRoomForSession(); sessions++) {
            memory.sessionOpened();
        }
        assertEquals(896 * KIB / MemoryBudget.SESSION_BYTES, sessions);
        // What others hold keeps nobody out.
        memory.take(1024 * KIB);
        assertTrue(memory.isExceeded());
        memory.sessionClosed();
        assertTrue(memory.hasRoomForSession());
    }
}
