package dev.tandem.utp.paired.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Any bytes as frames on both carriers, cut anywhere. The first byte chooses the side and what its user does; then each piece is a byte whose
 * top bit is the carrier and whose rest is a length, and so many bytes.
 */
class FramesFuzzTest {
    private static final int WINDOW = LinkConfig.MIN_WINDOW;

    @FuzzTest(maxDuration = "4s")
    void aSessionStandsThem(byte[] program) {
        if (program.length == 0) {
            return;
        }
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
        Host host = new Host();
        SessionParameters parameters = SessionParameters.DEFAULT.withBuffers(WINDOW, WINDOW);
        boolean client = (program[0] & 1) != 0;
        SessionCore core = new SessionCore(client, CarrierPolicy.AUTO, parameters, host, allocator, 0);
        Carrier tls = new Sink(CarrierKind.TLS);
        Carrier utp = new Sink(CarrierKind.UTP);
        core.attach(tls, 0, 0);
        int attempt = client ? core.beginPairing(0) : 0;
        core.attach(utp, attempt, 0);
        core.autoRead((program[0] & 2) != 0, 0);
        core.write(Unpooled.wrappedBuffer(new byte[1000]));
        core.flush(0);
        long now = 0;
        for (int at = 1; at < program.length; ) {
            Carrier from = program[at] < 0 ? utp : tls;
            int length = Math.min(program[at] & 0x7f, program.length - at - 1);
            core.handleBytes(from, Unpooled.wrappedBuffer(program, at + 1, length), now);
            core.handleBytesComplete(now);
            now += 1_000_000;
            if (core.deadlineNanos() <= now) {
                core.handleTimeout(now);
            }
            at += 1 + length;
            assertTrue(core.stats().heldBytes() <= WINDOW);
            assertTrue(host.delivered <= program.length);
        }
        core.close(CloseReason.SHUT_DOWN, null);
        assertEquals(1, host.closed);
        assertEquals(0, allocator.metric().usedHeapMemory(), "a buffer was forgotten");
        assertEquals(SessionCore.NEVER, core.deadlineNanos());
    }

    private static final class Sink implements Carrier {
        private final CarrierKind kind;

        Sink(CarrierKind kind) {
            this.kind = kind;
        }

        @Override
        public CarrierKind kind() {
            return kind;
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public int maxWriteBytes() {
            return Frames.MAX_FRAME;
        }

        @Override
        public void write(ByteBuf frames) {
            frames.release();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}

        @Override
        public void abort() {}
    }

    private static final class Host implements SessionHost {
        long delivered;
        int closed;

        @Override
        public void deliver(ByteBuf bytes) {
            assertEquals(0, closed, "delivered behind the end");
            delivered += bytes.readableBytes();
            bytes.release();
        }

        @Override
        public void deliverComplete() {}

        @Override
        public void deliverEnd() {}

        @Override
        public void writabilityChanged() {}

        @Override
        public void carrierChanged(
                @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause reason, String cause) {}

        @Override
        public void payloadSent(CarrierKind kind, int bytes) {}

        @Override
        public void payloadReceived(CarrierKind kind, int bytes) {}

        @Override
        public void dialUtp() {}

        @Override
        public void cancelUtpDial() {}

        @Override
        public void expectPairing(int attempt) {}

        @Override
        public void dialTls(long connectNanos) {}

        @Override
        public void cancelTlsDial() {}

        @Override
        public void detached(boolean now) {}

        @Override
        public void closed(CloseReason reason, String detail) {
            closed++;
        }
    }
}
