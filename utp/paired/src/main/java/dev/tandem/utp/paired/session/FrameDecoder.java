package dev.tandem.utp.paired.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Cuts one carrier's bytes into frames. Holds at most one frame that is not complete, and nothing otherwise. */
final class FrameDecoder {
    /** Where frames go. Bodies are valid during the call only. */
    interface Handler {
        void onData(long offset, ByteBuf bytes) throws MalformedFrameException;

        void onAck(long next, long limit) throws MalformedFrameException;

        void onEnd(long finalOffset) throws MalformedFrameException;

        void onReset(int code);

        void onPing(long token);

        void onPong(long token);

        void onPair(int attempt) throws MalformedFrameException;

        void onDrop(int attempt) throws MalformedFrameException;

        /** Whether to go on: false once the session or the carrier is closed. */
        boolean isOpen();
    }

    private final ByteBufAllocator allocator;
    private @Nullable ByteBuf partial;

    FrameDecoder(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Handles every frame that is complete now. Reads the buffer to its end, but does not release it. */
    void decode(ByteBuf in, Handler handler) throws MalformedFrameException {
        while (in.isReadable() && handler.isOpen()) {
            if (partial != null) {
                if (!complete(partial, in)) {
                    return;
                }
                ByteBuf whole = partial;
                partial = null;
                try {
                    dispatch(whole, handler);
                } finally {
                    whole.release();
                }
            } else if (isWhole(in)) {
                dispatch(in, handler);
            } else {
                partial = allocator.heapBuffer(Math.min(256, Frames.MAX_FRAME), Frames.MAX_FRAME);
                partial.writeBytes(in);
            }
        }
    }

    /** Whether the last bytes seen were the end of a frame. */
    boolean atBoundary() {
        return partial == null;
    }

    void release() {
        if (partial != null) {
            partial.release();
            partial = null;
        }
    }

    /** Moves bytes until the partial frame is whole; false if there are not enough. */
    private static boolean complete(ByteBuf partial, ByteBuf in) throws MalformedFrameException {
        if (partial.readableBytes() < Frames.HEADER_LENGTH) {
            int missing = Frames.HEADER_LENGTH - partial.readableBytes();
            partial.writeBytes(in, Math.min(missing, in.readableBytes()));
            if (partial.readableBytes() < Frames.HEADER_LENGTH) {
                return false;
            }
        }
        int missing = Frames.HEADER_LENGTH + bodyLength(partial) - partial.readableBytes();
        partial.writeBytes(in, Math.min(missing, in.readableBytes()));
        return isWhole(partial);
    }

    private static boolean isWhole(ByteBuf in) throws MalformedFrameException {
        return in.readableBytes() >= Frames.HEADER_LENGTH
                && in.readableBytes() >= Frames.HEADER_LENGTH + bodyLength(in);
    }

    private static int bodyLength(ByteBuf in) throws MalformedFrameException {
        int length = in.getUnsignedShort(in.readerIndex() + 1);
        if (length > Frames.MAX_BODY) {
            throw new MalformedFrameException("frame of " + length + " bytes");
        }
        return length;
    }

    private static void dispatch(ByteBuf in, Handler handler) throws MalformedFrameException {
        int type = in.readUnsignedByte();
        int length = in.readUnsignedShort();
        int end = in.readerIndex() + length;
        switch (type) {
            case Frames.PADDING -> {}
            case Frames.DATA -> {
                if (length <= 8) {
                    throw new MalformedFrameException("DATA without bytes");
                }
                long offset = offset(in);
                if (offset > Frames.MAX_OFFSET - (length - 8)) {
                    throw new MalformedFrameException("offset out of range");
                }
                handler.onData(offset, in.slice(in.readerIndex(), length - 8));
            }
            case Frames.ACK -> {
                requireLength(type, length, 16);
                handler.onAck(offset(in), offset(in));
            }
            case Frames.END -> {
                requireLength(type, length, 8);
                handler.onEnd(offset(in));
            }
            case Frames.RESET -> {
                requireLength(type, length, 2);
                handler.onReset(in.readUnsignedShort());
            }
            case Frames.PING -> {
                requireLength(type, length, 8);
                handler.onPing(in.readLong());
            }
            case Frames.PONG -> {
                requireLength(type, length, 8);
                handler.onPong(in.readLong());
            }
            case Frames.PAIR -> {
                requireLength(type, length, 4);
                handler.onPair(in.readInt());
            }
            case Frames.DROP -> {
                requireLength(type, length, 4);
                handler.onDrop(in.readInt());
            }
            default -> {
                if (!Frames.isSkippable(type)) {
                    throw new MalformedFrameException("frame of unknown type " + type);
                }
            }
        }
        in.readerIndex(end);
    }

    private static long offset(ByteBuf in) throws MalformedFrameException {
        long offset = in.readLong();
        if (!Frames.isOffset(offset)) {
            throw new MalformedFrameException("offset out of range");
        }
        return offset;
    }

    private static void requireLength(int type, int length, int expected) throws MalformedFrameException {
        if (length != expected) {
            throw new MalformedFrameException("frame of type " + type + " with a body of " + length + " bytes");
        }
    }
}
