package dev.tandem.utp.paired;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.admission.FirstFrameHandler;
import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection to a server until it has proved itself: TLS and HELLO, each with its deadline. Whoever fails is told
 * nothing.
 */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class ServerAdmission extends FirstFrameHandler {
    /** What the server does about it. */
    interface Gate {
        /** The proof was good. The carrier's handlers go behind {@code ctx}. */
        void admit(ChannelHandlerContext ctx, Hello hello, LinkKeys keys);

        void refused(Refusal refusal, @Nullable InetSocketAddress from);

        /** Told once: the connection is admitted, refused, or gone. */
        void decided(Channel channel);
    }

    private final LinkConfig config;
    private final Gate gate;
    private @Nullable LinkKeys keys;
    private @Nullable Future<?> timer;
    private boolean decided;

    ServerAdmission(LinkConfig config, Gate gate) {
        this.config = config;
        this.gate = gate;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        startTimer(ctx, config.tlsTimeout(), Refusal.TLS_TIMEOUT);
    }

    private void startTimer(ChannelHandlerContext ctx, Duration timeout, Refusal whenLate) {
        stopTimer();
        timer = ctx.executor().schedule(() -> refuse(ctx, whenLate), timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof TlsChannelHandler.Up up) {
            keys = up.keys();
            startTimer(ctx, config.helloTimeout(), Refusal.PROOF_TIMEOUT);
        } else if (event instanceof TlsChannelHandler.Failed) {
            refuse(ctx, Refusal.NOT_TLS);
        } else if (!decided) {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    protected void handleFirst(ChannelHandlerContext ctx, int type, ByteBuf body) throws MalformedFrameException {
        LinkKeys known = keys;
        Hello hello = Hello.read(type, body);
        if (known == null || !MessageDigest.isEqual(known.proof(), hello.proof())) {
            refuse(ctx, Refusal.WRONG_PROOF);
        } else if (decide(ctx)) {
            gate.admit(ctx, hello, known);
        }
    }

    @Override
    protected void handleMalformed(ChannelHandlerContext ctx, String detail) {
        refuse(ctx, Refusal.BAD_HELLO);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        refuse(ctx, Refusal.GONE);
        ctx.fireChannelInactive();
    }

    private void refuse(ChannelHandlerContext ctx, Refusal refusal) {
        if (decide(ctx)) {
            stop();
            if (keys != null) {
                keys.destroy();
            }
            gate.refused(refusal, ctx.channel().remoteAddress() instanceof InetSocketAddress from ? from : null);
            ctx.close();
        }
    }

    private boolean decide(ChannelHandlerContext ctx) {
        if (decided) {
            return false;
        }
        decided = true;
        stopTimer();
        gate.decided(ctx.channel());
        return true;
    }
}
