package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.SocksReplyCode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Brings an answer to the event loop of the handler that it is for. */
final class EventLoopSocksReply implements SocksReply {
    private final SocksServerHandler handler;
    private final ChannelHandlerContext ctx;

    EventLoopSocksReply(SocksServerHandler handler, ChannelHandlerContext ctx) {
        this.handler = handler;
        this.ctx = ctx;
    }

    @Override
    public Channel channel() {
        return ctx.channel();
    }

    @Override
    public ChannelFuture grant(ChannelHandler... relay) {
        ChannelPromise promise = ctx.newPromise();
        inEventLoop(() -> handler.grant(ctx, promise, relay));
        return promise;
    }

    @Override
    public void reject(SocksReplyCode code) {
        if (code == SocksReplyCode.SUCCEEDED) {
            throw new IllegalArgumentException("success is no rejection");
        }
        inEventLoop(() -> handler.reject(ctx, code));
    }

    private void inEventLoop(Runnable task) {
        if (ctx.executor().inEventLoop()) {
            task.run();
        } else {
            ctx.executor().execute(task);
        }
    }
}
