package dev.tandem.client.upstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.proxy.ProxyConnectException;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a connection's handlers from its way to the proxy: for them it begins when the proxy has connected to the bridge. Then
 * this handler and the proxy's are gone from the pipeline.
 */
final class UpstreamGate extends ChannelDuplexHandler {
    private final ProxyHandler negotiation;
    private final InetSocketAddress bridge;
    private @Nullable ChannelPromise ready;
    private boolean opened;

    /** @param negotiation the handler before this one */
    UpstreamGate(ProxyHandler negotiation, InetSocketAddress bridge) {
        this.negotiation = negotiation;
        this.bridge = bridge;
    }

    /** Tells the promise what becomes of it. Called on the event loop, before anything can have come of it. */
    void open(ChannelPromise promise) {
        ready = promise;
    }

    @Override
    public void connect(
            ChannelHandlerContext ctx, SocketAddress proxy, @Nullable SocketAddress local, ChannelPromise promise) {
        // Netty's handler takes the address of the call for the one to ask the proxy for.
        negotiation.connectFuture().addListener((Future<Channel> done) -> {
            if (done.isSuccess()) {
                succeed(ctx);
            } else {
                fail(done.cause());
            }
        });
        ctx.connect(bridge, local, promise);
    }

    private void succeed(ChannelHandlerContext ctx) {
        if (ready == null || !ready.trySuccess()) {
            ctx.close();
            return;
        }
        opened = true;
        ctx.pipeline().remove(negotiation);
        ctx.fireChannelActive();
        ctx.pipeline().remove(this);
    }

    private void fail(Throwable cause) {
        if (ready != null) {
            ready.tryFailure(UpstreamFailure.of(cause));
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        // With the proxy only.
    }

    /** What comes before is not the bridge's, which waits to be spoken to: Netty passes on what was behind a refusal. */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (opened) {
            ctx.fireChannelRead(message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (opened) {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (opened) {
            ctx.fireChannelInactive();
        } else {
            fail(new ProxyConnectException("disconnected"));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (opened) {
            ctx.fireExceptionCaught(cause);
        } else {
            fail(cause);
        }
    }
}
