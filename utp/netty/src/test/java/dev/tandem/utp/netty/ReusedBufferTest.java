package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
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
}
