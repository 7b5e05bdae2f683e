package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ReusedBufferTest {
    private final ReusedBuffer reused = new ReusedBuffer(1_000);

    @Test
    void isTheSameOnceItIsGivenBack() {
        ByteBuf first = reused.take();
        first.writeZero(10).release();
        ByteBuf second = reused.take();
        assertSame(first, second);
        assertEquals(0, second.readableBytes());
        second.release();
        reused.close();
        assertEquals(0, second.refCnt());
    }

    /** A datagram that the socket could not send at once is still in it. */
    @Test
    void isAnotherWhileSomebodyHasIt() {
        ByteBuf kept = reused.take();
        ByteBuf next = reused.take();
        assertNotSame(kept, next);
        assertEquals(1, kept.refCnt());
        kept.release();
        next.release();
        reused.close();
        assertEquals(0, kept.refCnt() + next.refCnt());
    }

    @Test
    void keepsNothingOnceClosed() {
        reused.close();
        ByteBuf late = reused.take();
        late.release();
        assertEquals(0, late.refCnt());
    }

    @Test
    void viewsItsPartsInPlace() {
        ByteBuf whole = reused.take();
        whole.writeBytes(new byte[] {1, 2, 3, 4, 5});
        ByteBuf part = whole.readRetainedSlice(2).skipBytes(1);
        assertEquals(ByteBuffer.wrap(new byte[] {2}), reused.view(part));
        ByteBuf rest = whole.readRetainedSlice(3);
        ByteBuffer view = reused.view(rest);
        assertEquals(ByteBuffer.wrap(new byte[] {3, 4, 5}), view);
        assertSame(view, reused.view(part));
        part.release();
        rest.release();
        whole.release();
        reused.close();
    }

    /** As a datagram is that is read while an earlier one is still held. */
    @Test
    void viewsWhatIsNotItsOwn() {
        ByteBuf held = reused.take().writeBytes(new byte[] {1, 2});
        ByteBuf next = reused.take().writeBytes(new byte[] {3, 4});
        assertEquals(ByteBuffer.wrap(new byte[] {1, 2}), reused.view(held));
        assertEquals(ByteBuffer.wrap(new byte[] {3, 4}), reused.view(next));
        held.release();
        next.release();
        reused.close();
        ByteBuf late = reused.take().writeBytes(new byte[] {5});
        assertEquals(ByteBuffer.wrap(new byte[] {5}), reused.view(late));
        late.release();
    }
}
