package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.SocksCredentials;
import dev.tandem.ptspec.SocksReplyCode;
import dev.tandem.ptspec.TransportArgs;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequest;
import io.netty.handler.codec.socksx.v5.Socks5CommandType;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequest;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5Message;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The SOCKS5 server that tor talks to on the client side (RFC 1928, pt-spec 3.5), for one connection.
 *
 * <p>Add it to a fresh channel with auto-read on; it adds its codec in front of itself. It chooses user name and password (method 02) where
 * offered, as otherwise the arguments would be lost, else no authentication (00); it takes CONNECT to a literal IPv4 or IPv6 address. A request goes to
 * the {@link SocksListener}, whose {@link SocksReply} ends this handler's work. Whatever is malformed, cut off or late is answered as RFC 1928
 * provides, where it does, and closed.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write or close that fails shows as the channel becoming inactive
public final class SocksServerHandler extends ChannelInboundHandlerAdapter {
    private enum State {
        METHODS,
        CREDENTIALS,
        REQUEST,
        /** The listener has the request. */
        PENDING,
        /** Answered, refused or closed: whatever still comes is dropped. */
        DONE
    }

    private final SocksListener listener;
    private final SocksTimeouts timeouts;
    private final ChannelHandler encoder = SocksMessages.encoder();
    private ChannelHandler decoder = new Socks5InitialRequestDecoder();
    private State state = State.METHODS;
    private TransportArgs args = TransportArgs.empty();
    private @Nullable Future<?> deadline;

    /** Bytes that came behind the request, for the relay. Reading stops with the first, so there are not many. */
    private final Queue<Object> early = new ArrayDeque<>();

    /** With {@link SocksTimeouts#DEFAULT}. */
    public SocksServerHandler(SocksListener listener) {
        this(listener, SocksTimeouts.DEFAULT);
    }

    /** Takes one connection's request to {@code listener}. */
    public SocksServerHandler(SocksListener listener, SocksTimeouts timeouts) {
        this.listener = listener;
        this.timeouts = timeouts;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.pipeline().addBefore(ctx.name(), null, encoder).addBefore(ctx.name(), null, decoder);
        armDeadline(ctx, timeouts.step());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        finish();
        releaseEarly();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (state == State.PENDING) {
            early.add(msg);
            ctx.channel().config().setAutoRead(false);
            return;
        }
        try {
            if (state == State.METHODS && msg instanceof Socks5InitialRequest methods) {
                onMethods(ctx, methods);
            } else if (state == State.CREDENTIALS && msg instanceof SocksPasswordDecoder.Credentials credentials) {
                onCredentials(ctx, credentials);
            } else if (state == State.REQUEST && msg instanceof Socks5CommandRequest request) {
                onRequest(ctx, request);
            }
        } finally {
            ReferenceCountUtil.release(msg);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            // On a channel that allows half-closure. Nobody half-closes before the reply: tor has given up.
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (state != State.DONE) {
            String when = state == State.PENDING ? "before the reply" : "within a request";
            finish();
            listener.onFailure("SOCKS connection closed " + when);
        }
        releaseEarly();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (state == State.CREDENTIALS && cause instanceof DecoderException) {
            refuse(ctx, "malformed SOCKS user name and password", SocksMessages.authenticationFailed());
        } else if (state != State.DONE) {
            finish();
            listener.onFailure("SOCKS connection broke");
            ctx.close();
        } else {
            ctx.close();
        }
    }

    private void onMethods(ChannelHandlerContext ctx, Socks5InitialRequest methods) {
        if (methods.decoderResult().isFailure()) {
            finish();
            listener.onFailure("not a SOCKS5 connection");
            ctx.close();
            return;
        }
        boolean credentials = methods.authMethods().contains(Socks5AuthMethod.PASSWORD);
        if (!credentials && !methods.authMethods().contains(Socks5AuthMethod.NO_AUTH)) {
            refuse(
                    ctx,
                    "no SOCKS authentication method in common",
                    SocksMessages.methodChosen(Socks5AuthMethod.UNACCEPTED));
            return;
        }
        ctx.writeAndFlush(
                SocksMessages.methodChosen(credentials ? Socks5AuthMethod.PASSWORD : Socks5AuthMethod.NO_AUTH));
        if (credentials) {
            next(ctx, State.CREDENTIALS, new SocksPasswordDecoder());
        } else {
            next(ctx, State.REQUEST, SocksMessages.requestDecoder());
        }
    }

    private void onCredentials(ChannelHandlerContext ctx, SocksPasswordDecoder.Credentials credentials) {
        try {
            args = SocksCredentials.parse(credentials.userName, credentials.password);
        } catch (PtParseException e) {
            refuse(ctx, "malformed transport arguments: " + e.getMessage(), SocksMessages.authenticationFailed());
            return;
        }
        ctx.writeAndFlush(SocksMessages.authenticated());
        next(ctx, State.REQUEST, SocksMessages.requestDecoder());
    }

    private void onRequest(ChannelHandlerContext ctx, Socks5CommandRequest request) {
        if (request.decoderResult().isFailure()) {
            boolean address = request.decoderResult().cause() instanceof SocksMessages.NotLiteralAddressException;
            refuse(
                    ctx,
                    address ? "SOCKS request for something other than an IP address" : "malformed SOCKS request",
                    SocksMessages.reply(
                            address ? SocksReplyCode.ADDRESS_TYPE_NOT_SUPPORTED : SocksReplyCode.GENERAL_FAILURE));
            return;
        }
        if (!request.type().equals(Socks5CommandType.CONNECT)) {
            refuse(ctx, "SOCKS request other than CONNECT", SocksMessages.reply(SocksReplyCode.COMMAND_NOT_SUPPORTED));
            return;
        }
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(request.dstAddr());
        if (address == null || request.dstPort() == 0) {
            refuse(ctx, "SOCKS request for port 0", SocksMessages.reply(SocksReplyCode.GENERAL_FAILURE));
            return;
        }
        state = State.PENDING;
        armDeadline(ctx, timeouts.reply());
        // Gives us what it holds beyond the request, so that this is kept before the listener may grant.
        ctx.pipeline().remove(decoder);
        SocksReply reply = new EventLoopSocksReply(this, ctx);
        try {
            listener.onRequest(new SocksRequest(new InetSocketAddress(address, request.dstPort()), args), reply);
        } catch (RuntimeException e) {
            reply.reject(SocksReplyCode.GENERAL_FAILURE);
            listener.onFailure(
                    "SOCKS request could not be served: " + e.getClass().getSimpleName());
        }
    }

    /** The bytes behind the message that brought us here reach the new decoder while the old one is removed. */
    private void next(ChannelHandlerContext ctx, State next, ChannelHandler nextDecoder) {
        state = next;
        armDeadline(ctx, timeouts.step());
        ChannelHandler previous = decoder;
        decoder = nextDecoder;
        ctx.pipeline().replace(previous, null, nextDecoder);
    }

    private void refuse(ChannelHandlerContext ctx, String reason, Socks5Message answer) {
        finish();
        ctx.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
        listener.onFailure(reason);
    }

    void grant(ChannelHandlerContext ctx, ChannelPromise promise, ChannelHandler[] relay) {
        if (state != State.PENDING || !ctx.channel().isActive()) {
            promise.setFailure(new ClosedChannelException());
            return;
        }
        finish();
        ctx.channel().config().setAutoRead(false);
        ctx.writeAndFlush(SocksMessages.reply(SocksReplyCode.SUCCEEDED), promise);
        String after = ctx.name();
        for (ChannelHandler handler : relay) {
            ctx.pipeline().addAfter(after, null, handler);
            after = ctx.pipeline().context(handler).name();
        }
        Queue<Object> kept = new ArrayDeque<>(early);
        early.clear();
        ctx.pipeline().remove(encoder);
        ctx.pipeline().remove(this);
        if (!kept.isEmpty()) {
            // Our context still leads to the handler behind it.
            kept.forEach(ctx::fireChannelRead);
            ctx.fireChannelReadComplete();
        }
    }

    void reject(ChannelHandlerContext ctx, SocksReplyCode code) {
        if (state == State.PENDING) {
            finish();
            releaseEarly();
            ctx.writeAndFlush(SocksMessages.reply(code)).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void armDeadline(ChannelHandlerContext ctx, Duration after) {
        cancelDeadline();
        deadline = ctx.executor().schedule(() -> onDeadline(ctx), after.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void onDeadline(ChannelHandlerContext ctx) {
        if (state == State.PENDING) {
            refuse(ctx, "SOCKS request not served in time", SocksMessages.reply(SocksReplyCode.TTL_EXPIRED));
        } else if (state != State.DONE) {
            finish();
            listener.onFailure("SOCKS request not complete in time");
            ctx.close();
        }
    }

    private void finish() {
        state = State.DONE;
        cancelDeadline();
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    private void releaseEarly() {
        early.forEach(ReferenceCountUtil::release);
        early.clear();
    }
}
