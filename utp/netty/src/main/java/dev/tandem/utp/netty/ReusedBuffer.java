package dev.tandem.utp.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * One buffer for what is done with before the next one is needed. Netty's allocators keep no buffers of this size, and
 * fresh memory has to be cleared, which costs more than what it is used for.
 */
final class ReusedBuffer {
    private final ByteBufAllocator alloc;
    private final int bytes;

    /** None before the first is taken. */
    private @Nullable ByteBuf buffer;

    ReusedBuffer(ByteBufAllocator alloc, int bytes) {
        this.alloc = alloc;
        this.bytes = bytes;
    }

    /** The buffer, empty and to be released; another one if somebody still has it. */
    ByteBuf take() {
        ByteBuf taken = buffer;
        if (taken == null || taken.refCnt() > 1) {
            release();
            taken = alloc.directBuffer(bytes, bytes);
            buffer = taken;
        }
        return taken.clear().retain();
    }

    /** Gives the memory back, until it is needed again. */
    void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }

    /** Has a channel read into the buffer. */
    RecvByteBufAllocator forReading() {
        return new DefaultMaxMessagesRecvByteBufAllocator() {
            @Override
            @SuppressWarnings("deprecation") // Netty names no other way
            public Handle newHandle() {
                return new MaxMessageHandle() {
                    @Override
                    public ByteBuf allocate(ByteBufAllocator unused) {
                        return take();
                    }

                    @Override
                    public int guess() {
                        return bytes;
                    }
                };
            }
        };
    }
}
