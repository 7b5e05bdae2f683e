package dev.tandem.client;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.socksx.v4.DefaultSocks4CommandResponse;
import io.netty.handler.codec.socksx.v4.Socks4CommandRequest;
import io.netty.handler.codec.socksx.v4.Socks4CommandStatus;
import io.netty.handler.codec.socksx.v4.Socks4ServerDecoder;
import io.netty.handler.codec.socksx.v4.Socks4ServerEncoder;
import io.netty.handler.codec.socksx.v5.DefaultSocks5CommandResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5InitialResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5PasswordAuthResponse;
import io.netty.handler.codec.socksx.v5.Socks5AddressType;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequest;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5CommandType;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequest;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthRequest;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthStatus;
import io.netty.handler.codec.socksx.v5.Socks5ServerEncoder;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An upstream proxy on this machine, of one kind and with one manner. Whatever it is asked for, it connects to one bridge: so the
 * address that is asked for may be a trap for who goes there directly.
 */
public final class UpstreamStub implements AutoCloseable {
    /** What it speaks. */
    public enum Kind {
        SOCKS4A("socks4a"),
        SOCKS5("socks5"),
        HTTP("http");

        private final String scheme;

        Kind(String scheme) {
            this.scheme = scheme;
        }
    }

    /** What it does. */
    public enum Manner {
        CONNECTS,
        REFUSES,
        /** It says that the bridge refuses. */
        BRIDGE_REFUSES,
        FORBIDS,
        /** It never answers. */
        HANGS,
        /** It closes instead of answering. */
        CLOSES,
        /** It speaks something else. */
        BABBLES
    }

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final EventLoop loop = group.next();
    private final Kind kind;
    private final Manner manner;
    private final String login;
    private final InetSocketAddress bridge;
    private final Channel server;
    private final List<Channel> accepted = new CopyOnWriteArrayList<>();

    /** Relays for the UDP ASSOCIATEs to come; where there is none, they are refused. */
    final Queue<UdpRelayStub> relays = new ConcurrentLinkedQueue<>();

    /** Where it says that they are. */
    volatile String relayAddress = "127.0.0.1";

    final AtomicLong associations = new AtomicLong();

    /** The connection with which the last relay ends. */
    volatile @Nullable Channel relayControl;

    /** What was asked for, as {@code HOST:PORT}. */
    public final List<String> asked = new CopyOnWriteArrayList<>();

    /**
     * Listens.
     *
     * @param login {@code user:password}, or {@code user} alone for SOCKS 4, that is wanted; empty if everybody may come
     */
    public UpstreamStub(Kind kind, Manner manner, String login, InetSocketAddress bridge) {
        this.kind = kind;
        this.manner = manner;
        this.login = login;
        this.bridge = bridge;
        this.server = new ServerBootstrap()
                .group(loop)
                .channelFactory(() -> UtpTransports.newServerSocketChannel(loop))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted.add(channel);
                        begin(channel.pipeline());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .awaitUninterruptibly()
                .channel();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /** For {@code TOR_PT_PROXY}. */
    public String uri(String userInfo) {
        return kind.scheme + "://" + (userInfo.isEmpty() ? "" : userInfo + "@") + "127.0.0.1:"
                + address().getPort();
    }

    /** Connections so far. */
    public int connections() {
        return accepted.size();
    }

    /** Ends all connections through it. */
    public void cut() {
        accepted.forEach(Channel::close);
    }

    private void begin(ChannelPipeline pipeline) {
        switch (manner) {
            case HANGS -> {}
            case CLOSES ->
                pipeline.addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        ReferenceCountUtil.release(message);
                        ctx.close();
                    }
                });
            case BABBLES ->
                pipeline.addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        ReferenceCountUtil.release(message);
                        ctx.writeAndFlush(Unpooled.copiedBuffer("220 mail ready\r\n\r\n", StandardCharsets.US_ASCII));
                    }
                });
            default -> {
                switch (kind) {
                    case SOCKS4A ->
                        pipeline.addLast(Socks4ServerEncoder.INSTANCE, new Socks4ServerDecoder(), new Four());
                    case SOCKS5 ->
                        pipeline.addLast(Socks5ServerEncoder.DEFAULT, new Socks5InitialRequestDecoder(), new Five());
                    case HTTP -> pipeline.addLast(new HttpServerCodec(), new Http());
                }
            }
        }
    }

    /** Answers, and joins the connection to one to the bridge if it may be. */
    private void connect(ChannelHandlerContext ctx, String host, int port, Object yes, Object no) {
        asked.add(host + ":" + port);
        if (manner != Manner.CONNECTS) {
            ctx.writeAndFlush(no).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        Channel near = ctx.channel();
        ChannelFuture far = new Bootstrap()
                .group(loop)
                .channelFactory(() -> UtpTransports.newSocketChannel(loop))
                .handler(new Pipe(near))
                .connect(bridge);
        far.addListener(done -> {
            ctx.writeAndFlush(yes);
            ChannelPipeline pipeline = near.pipeline();
            for (ChannelHandler handler : pipeline.toMap().values()) {
                pipeline.remove(handler);
            }
            pipeline.addLast(new Pipe(far.channel()));
        });
    }

    /** Passes on what comes, and an end as an end. */
    private static final class Pipe extends ChannelInboundHandlerAdapter {
        private final Channel other;

        Pipe(Channel other) {
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            other.writeAndFlush(message);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            other.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private final class Four extends SimpleChannelInboundHandler<Socks4CommandRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Socks4CommandRequest request) {
            boolean known = request.userId().equals(login);
            connect(
                    ctx,
                    request.dstAddr(),
                    request.dstPort(),
                    new DefaultSocks4CommandResponse(
                            known ? Socks4CommandStatus.SUCCESS : Socks4CommandStatus.IDENTD_AUTH_FAILURE),
                    new DefaultSocks4CommandResponse(Socks4CommandStatus.REJECTED_OR_FAILED));
        }
    }

    private final class Five extends SimpleChannelInboundHandler<Object> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Socks5InitialRequest offer) {
                Socks5AuthMethod method = login.isEmpty() ? Socks5AuthMethod.NO_AUTH : Socks5AuthMethod.PASSWORD;
                boolean offered = offer.authMethods().contains(method);
                ctx.pipeline()
                        .addBefore(
                                ctx.name(),
                                null,
                                login.isEmpty()
                                        ? new Socks5CommandRequestDecoder()
                                        : new Socks5PasswordAuthRequestDecoder());
                ctx.writeAndFlush(new DefaultSocks5InitialResponse(offered ? method : Socks5AuthMethod.UNACCEPTED));
            } else if (message instanceof Socks5PasswordAuthRequest request) {
                ctx.pipeline().addBefore(ctx.name(), null, new Socks5CommandRequestDecoder());
                boolean good = login.equals(utf8(request.username()) + ":" + utf8(request.password()));
                ctx.writeAndFlush(new DefaultSocks5PasswordAuthResponse(
                        good ? Socks5PasswordAuthStatus.SUCCESS : Socks5PasswordAuthStatus.FAILURE));
            } else if (message instanceof Socks5CommandRequest request
                    && request.type().equals(Socks5CommandType.UDP_ASSOCIATE)) {
                associate(ctx);
            } else if (message instanceof Socks5CommandRequest request) {
                Socks5CommandStatus no = switch (manner) {
                    case BRIDGE_REFUSES -> Socks5CommandStatus.CONNECTION_REFUSED;
                    case FORBIDS -> Socks5CommandStatus.FORBIDDEN;
                    default -> Socks5CommandStatus.FAILURE;
                };
                connect(
                        ctx,
                        request.dstAddr(),
                        request.dstPort(),
                        new DefaultSocks5CommandResponse(Socks5CommandStatus.SUCCESS, Socks5AddressType.IPv4),
                        new DefaultSocks5CommandResponse(no, Socks5AddressType.IPv4));
            }
        }

        /** Netty reads one character for each byte. */
        private static String utf8(String octets) {
            return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        }
    }

    private void associate(ChannelHandlerContext ctx) {
        UdpRelayStub made = relays.poll();
        associations.incrementAndGet();
        if (made == null) {
            ctx.writeAndFlush(new DefaultSocks5CommandResponse(
                            Socks5CommandStatus.COMMAND_UNSUPPORTED, Socks5AddressType.IPv4))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        relayControl = ctx.channel();
        ctx.channel().closeFuture().addListener(closed -> made.close());
        ctx.writeAndFlush(new DefaultSocks5CommandResponse(
                Socks5CommandStatus.SUCCESS, Socks5AddressType.IPv4, relayAddress, made.port()));
    }

    private final class Http extends SimpleChannelInboundHandler<Object> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            if (message instanceof LastHttpContent || !(message instanceof HttpRequest request)) {
                return;
            }
            String wanted = "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
            if (!login.isEmpty() && !wanted.equals(request.headers().get(HttpHeaderNames.PROXY_AUTHORIZATION))) {
                ctx.writeAndFlush(response(HttpResponseStatus.PROXY_AUTHENTICATION_REQUIRED));
                return;
            }
            int colon = request.uri().lastIndexOf(':');
            connect(
                    ctx,
                    request.uri().substring(0, colon),
                    Integer.parseInt(request.uri().substring(colon + 1)),
                    response(HttpResponseStatus.OK),
                    response(manner == Manner.FORBIDS ? HttpResponseStatus.FORBIDDEN : HttpResponseStatus.BAD_GATEWAY));
        }

        private static Object response(HttpResponseStatus status) {
            DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status);
            if (status.code() != 200) {
                response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
            }
            return response;
        }
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        cut();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
