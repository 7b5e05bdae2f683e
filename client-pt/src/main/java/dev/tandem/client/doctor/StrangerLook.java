package dev.tandem.client.doctor;

import dev.tandem.utp.paired.LinkNetwork;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a bridge as any visitor of a web site does, without the bridge's secret: what is there for everybody, whose key it has, and what
 * time it has. For who is taken for a stranger and wonders why.
 */
final class StrangerLook {
    private static final int MAX_ANSWER_BYTES = 4_096;
    private static final Pattern DATE = Pattern.compile("(?im)^Date: (.*?)\\s*$");

    private StrangerLook() {}

    /**
     * What was seen.
     *
     * @param pin the SHA-256 of the server's key, as in {@code cert=}, in hexadecimal; null if TLS did not come up
     * @param date what an HTTP server says the time is; null if it did not say
     */
    record Seen(@Nullable String pin, @Nullable Instant date) {
        static final Seen NOTHING = new Seen(null, null);
    }

    /** Looks; never fails. Nothing of the server's certificate is checked: it is no secret that is sent. */
    static CompletableFuture<Seen> look(
            EventLoop loop,
            LinkNetwork network,
            @Nullable InetSocketAddress local,
            InetSocketAddress bridge,
            Duration patience) {
        CompletableFuture<Seen> seen = new CompletableFuture<>();
        SslContext context;
        try {
            context = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .endpointIdentificationAlgorithm(null)
                    .build();
        } catch (SSLException e) {
            seen.complete(Seen.NOTHING);
            return seen;
        }
        int timeoutMillis = (int) patience.toMillis();
        loop.execute(() -> {
            ChannelFuture connecting =
                    network.connectTcp(loop, local, bridge, timeoutMillis, new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            SslHandler tls = context.newHandler(channel.alloc());
                            tls.setHandshakeTimeoutMillis(timeoutMillis);
                            channel.pipeline().addLast(tls).addLast(new Visitor(tls, seen));
                        }
                    });
            if (connecting.cause() != null) {
                seen.complete(Seen.NOTHING);
                return;
            }
            connecting.addListener((ChannelFutureListener) done -> {
                if (!done.isSuccess()) {
                    seen.complete(Seen.NOTHING);
                }
            });
            Channel channel = connecting.channel();
            loop.schedule(() -> channel.close(), timeoutMillis, TimeUnit.MILLISECONDS);
        });
        return seen.completeOnTimeout(Seen.NOTHING, 2L * timeoutMillis, TimeUnit.MILLISECONDS);
    }

    /** Asks for a page, and reads until it knows the time. */
    private static final class Visitor extends SimpleChannelInboundHandler<ByteBuf> {
        private final SslHandler tls;
        private final CompletableFuture<Seen> seen;
        private final StringBuilder answer = new StringBuilder();
        private @Nullable String pin;

        Visitor(SslHandler tls, CompletableFuture<Seen> seen) {
            this.tls = tls;
            this.seen = seen;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                byte[] spki = tls.engine()
                        .getSession()
                        .getPeerCertificates()[0]
                        .getPublicKey()
                        .getEncoded();
                pin = HexFormat.of().formatHex(sha256(spki));
                String request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                ctx.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
            } else if (event instanceof SslHandshakeCompletionEvent) {
                ctx.close();
            }
        }

        private static byte[] sha256(byte[] bytes) throws NoSuchAlgorithmException {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
            answer.append(bytes.toString(StandardCharsets.ISO_8859_1));
            if (answer.indexOf("\r\n\r\n") >= 0 || answer.length() > MAX_ANSWER_BYTES) {
                ctx.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            seen.complete(new Seen(pin, date(answer.toString())));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    static @Nullable Instant date(String answer) {
        Matcher header = DATE.matcher(answer);
        try {
            return header.find() ? Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(header.group(1))) : null;
        } catch (DateTimeException e) {
            return null;
        }
    }
}
