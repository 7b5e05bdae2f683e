package dev.tandem.utp.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Writes the same bytes without end, as fast as the channel takes them. */
final class Source extends ChannelInboundHandlerAdapter {
    private final ByteBuf piece;

    /** A source of these bytes, which stay the caller's. */
    Source(ByteBuf piece) {
        this.piece = piece;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            fill(ctx.channel());
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        fill(ctx.channel());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        fill(ctx.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // The other end is gone, and so is what was to be measured.
        ctx.close();
    }

    private void fill(Channel channel) {
        while (channel.isWritable()) {
            channel.write(piece.retainedDuplicate(), channel.voidPromise());
            channel.flush();
        }
    }
}
