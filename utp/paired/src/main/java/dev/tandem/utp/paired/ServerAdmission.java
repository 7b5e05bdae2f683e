package dev.tandem.utp.paired;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.admission.FirstFrameHandler;
import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.admission.Resume;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.session.Frames;
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
 * A TCP connection to a server until it has proved itself: TLS and HELLO or RESUME, each with its deadline. Whoever
 * fails is told nothing.
 */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class ServerAdmission extends FirstFrameHandler {
    /** What the server does about it. */
    interface Gate {
        /**
         * The proof was good. The carrier's handlers go behind {@code ctx}.
         *
         * @return false if there is no session: then the channel is closing, and what comes on it is dropped
         */
        boolean admit(ChannelHandlerContext ctx, Hello hello, LinkKeys keys);

        /** The proof of the bridge's secret was good; that of the session is still to be looked at. */
        void resume(ChannelHandlerContext ctx, Resume resume, LinkKeys fresh);

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
        if (known == null) {
            throw new MalformedFrameException("a frame before TLS is up");
        }
        if (type == Frames.RESUME) {
            Resume resume = Resume.read(body);
            if (isProved(ctx, known, resume.proof())) {
                gate.resume(ctx, resume, known);
            }
        } else {
            Hello hello = Hello.read(type, body);
            if (isProved(ctx, known, hello.proof())) {
                if (!gate.admit(ctx, hello, known)) {
                    stop();
                    known.destroy();
                }
            }
        }
    }

    /** Whether the client knows the bridge's secret; then the connection is not half-open any more. */
    private boolean isProved(ChannelHandlerContext ctx, LinkKeys known, byte[] proof) {
        if (MessageDigest.isEqual(known.proof(), proof)) {
            return decide(ctx);
        }
        refuse(ctx, Refusal.WRONG_PROOF);
        return false;
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
