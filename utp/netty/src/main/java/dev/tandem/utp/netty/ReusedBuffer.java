package dev.tandem.utp.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One buffer for what is done with before the next one is needed. Netty's allocators keep no buffers of this size, and
 * fresh memory has to be cleared, which costs more than what it is used for.
 */
final class ReusedBuffer {
    /** Memory that belongs to its owner and ends with it, which may be without a word when an event loop is stopped. */
    private static final ByteBufAllocator ALLOC = new UnpooledByteBufAllocator(true, true, false);

    private final int bytes;

    /** None before the first is taken. */
    private @Nullable ByteBuf buffer;

    private boolean closed;

    ReusedBuffer(int bytes) {
        this.bytes = bytes;
    }

    /** The buffer, empty and to be released; another one if somebody still has it. */
    ByteBuf take() {
        if (closed) {
            return ALLOC.directBuffer(bytes, bytes);
        }
        ByteBuf taken = buffer;
        if (taken == null || taken.refCnt() > 1) {
            release();
            taken = ALLOC.directBuffer(bytes, bytes);
            buffer = taken;
        }
        return taken.clear().retain();
    }

    /**
     * The readable bytes of a part of the buffer, valid until the next call. Each part would make a view of its own for every
     * datagram of a batch.
     */
    ByteBuffer view(ByteBuf part) {
        ByteBuf whole = buffer;
        int length = part.readableBytes();
        if (whole != null && whole.hasMemoryAddress() && part.hasMemoryAddress()) {
            long offset = part.memoryAddress() + part.readerIndex() - whole.memoryAddress();
            if (offset >= 0 && offset + length <= whole.capacity()) {
                return whole.internalNioBuffer((int) offset, length);
            }
        }
        return part.internalNioBuffer(part.readerIndex(), length);
    }

    /** Keeps nothing from now on. */
    void close() {
        closed = true;
        release();
    }

    private void release() {
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
