package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/** Cuts the first frame off a channel's bytes, gives the rest to the next handler, and leaves the pipeline. */
public abstract class FirstFrameHandler extends ChannelInboundHandlerAdapter {
    /** Longest body of a first frame: a stranger shall not make us hold more. */
    public static final int MAX_BODY = 1024;

    private @Nullable ByteBuf held;
    private boolean done;
    private boolean stopped;

    /** Handles the first frame. The body is valid during the call. */
    protected abstract void handleFirst(ChannelHandlerContext ctx, int type, ByteBuf body)
            throws MalformedFrameException;

    /** The first frame was none, or none that is allowed. */
    protected abstract void handleMalformed(ChannelHandlerContext ctx, String detail);

    /** Nothing more is wanted from the channel, which is closing. */
    protected final void stop() {
        stopped = true;
    }

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (done || stopped) {
            in.release();
            return;
        }
        if (held == null) {
            held = in;
        } else {
            // A first frame in pieces is rare and short.
            ByteBuf joined = ctx.alloc().heapBuffer(held.readableBytes() + in.readableBytes());
            joined.writeBytes(held).writeBytes(in);
            held.release();
            in.release();
            held = joined;
        }
        ByteBuf all = held;
        try {
            if (all.readableBytes() < Frames.HEADER_LENGTH) {
                return;
            }
            int length = all.getUnsignedShort(all.readerIndex() + 1);
            if (length > MAX_BODY) {
                throw new MalformedFrameException("first frame of " + length + " bytes");
            }
            if (all.readableBytes() < Frames.HEADER_LENGTH + length) {
                return;
            }
            int type = all.readUnsignedByte();
            all.skipBytes(2);
            done = true;
            held = null;
            handleFirst(ctx, type, all.readSlice(length));
            if (all.isReadable() && !stopped) {
                ctx.fireChannelRead(all.retain());
            }
            all.release();
            if (!ctx.isRemoved() && !stopped) {
                ctx.pipeline().remove(this);
            }
        } catch (MalformedFrameException e) {
            done = true;
            held = null;
            all.release();
            handleMalformed(ctx, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public final void handlerRemoved(ChannelHandlerContext ctx) {
        if (held != null) {
            held.release();
            held = null;
        }
    }
}
