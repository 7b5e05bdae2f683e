package dev.tandem.ptspec.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;

/** Stands for the relay that takes the channel over. */
final class RecordingRelay extends ChannelInboundHandlerAdapter {
    final StringBuilder received = new StringBuilder();
    int completes;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf buffer = (ByteBuf) msg;
        received.append(buffer.toString(StandardCharsets.ISO_8859_1));
        buffer.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        completes++;
    }
}
