package dev.tandem.utp.paired;

import dev.tandem.utp.paired.admission.FirstFrameHandler;
import dev.tandem.utp.paired.admission.Resume;
import dev.tandem.utp.paired.admission.Resumed;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.ResumePoint;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One dial of TLS by a client for a session that it has: TCP, TLS, RESUME and its answer. */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class TlsRedial {
    private final LinkSession session;
    private @Nullable Channel channel;
    private boolean over;

    TlsRedial(LinkSession session) {
        this.session = session;
    }

    /** Starts dialling. The deadline of the whole is the session's matter. */
    void start(
            LinkNetwork network,
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            int connectMillis,
            Supplier<TlsChannelHandler> tls) {
        ChannelFuture connecting =
                network.connectTcp(loop, local, remote, connectMillis, new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(tls.get()).addLast(new Answer());
                    }
                });
        if (connecting.cause() != null) {
            // As in ClientDial. Later, since the session is in the middle of dialling.
            loop.execute(this::fail);
            return;
        }
        channel = connecting.channel();
        connecting.addListener((ChannelFutureListener) done -> {
            if (!done.isSuccess()) {
                fail();
            } else if (over) {
                done.channel().close();
            }
        });
    }

    /** Gives up, unless a carrier was made of the connection already. */
    void cancel() {
        if (!over) {
            over = true;
            if (channel != null) {
                channel.close();
            }
        }
    }

    private void fail() {
        if (!over) {
            cancel();
            session.handleTlsDialFailed();
        }
    }

    /** Says RESUME when TLS is up, and takes the server's answer. */
    private final class Answer extends FirstFrameHandler {
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (over) {
                // There is a carrier behind this handler, which wants to know; or nobody does.
                ctx.fireUserEventTriggered(event);
            } else if (event instanceof TlsChannelHandler.Up up) {
                resume(ctx, up.keys());
            } else if (event instanceof TlsChannelHandler.Failed failed && failed.pinWrong()) {
                cancel();
                session.close(CloseReason.WRONG_PIN, null);
            } else if (event instanceof TlsChannelHandler.Failed || event == TlsChannelHandler.Ended.INSTANCE) {
                fail();
            }
        }

        private void resume(ChannelHandlerContext ctx, LinkKeys fresh) {
            ByteBuf frame = ctx.alloc().heapBuffer(128);
            Resume.of(session.nextResume(), session.id(), session.resumePoint(), session.keys(), fresh)
                    .write(frame);
            fresh.destroy();
            ctx.writeAndFlush(frame);
        }

        @Override
        protected void handleFirst(ChannelHandlerContext ctx, int type, ByteBuf body) throws MalformedFrameException {
            if (over) {
                return;
            }
            ResumePoint point = Resumed.read(type, body).point();
            if (point == null) {
                cancel();
                session.close(CloseReason.SESSION_UNKNOWN, null);
                return;
            }
            CarrierChannel carrier = new CarrierChannel(CarrierKind.TLS, session);
            ctx.pipeline().addLast(carrier);
            // From here on the connection is the carrier's to close.
            over = true;
            try {
                session.resume(carrier, point, own -> {});
            } catch (MalformedFrameException e) {
                over = false;
                throw e;
            }
        }

        @Override
        protected void handleMalformed(ChannelHandlerContext ctx, String detail) {
            fail();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            fail();
            ctx.fireChannelInactive();
        }
    }
}
