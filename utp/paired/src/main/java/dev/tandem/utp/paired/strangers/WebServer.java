package dev.tandem.utp.paired.strangers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.EventExecutor;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * What a stranger meets where there is no decoy: a web server with one page, over TLS 1.2 and 1.3 as the JDK speaks them.
 * It does what common servers do, but a prober that knows TLS stacks sees whose it is; a real server as decoy is better.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
public final class WebServer {
    private static final int MAX_TLS_SESSIONS = 1_024;
    private static final int TLS_SESSION_SECONDS = 300;
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    /** Those for its kind of key, of both versions, that nobody warns of. */
    private static final String[] CIPHER_SUITES = {
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384"
    };

    private final PrivateKey key;
    private final byte[] certificate;
    private final Duration timeout;
    private final InstantSource clock;
    private final Supplier<ChannelHandler> turns;
    private @Nullable SSLContext tls;
    private String name = "";

    /**
     * A server with its own certificate.
     *
     * @param certificate DER
     * @param timeout for a handshake, for a request, and between requests
     * @param turns make what lets a connection wait for its turn before its handshake
     */
    public WebServer(
            PrivateKey key, byte[] certificate, Duration timeout, InstantSource clock, Supplier<ChannelHandler> turns) {
        this.key = key;
        this.certificate = certificate.clone();
        this.timeout = timeout;
        this.clock = clock;
        this.turns = turns;
    }

    /** Takes a connection over: the handler at the end of the pipeline gets all that its peer sends. */
    public void join(ChannelPipeline pipeline, long acceptedNanos) {
        pipeline.addLast(new Entrance(acceptedNanos));
    }

    /** How long a connection may still stay without a handshake. */
    long remainingNanos(long acceptedNanos, EventExecutor executor) {
        long passed = executor.ticker().nanoTime() - acceptedNanos;
        return Math.max(TimeUnit.MILLISECONDS.toNanos(1), timeout.toNanos() - passed);
    }

    /** Made when it is needed first: most servers have a decoy. */
    private SSLContext tls() {
        SSLContext known = tls;
        if (known != null) {
            return known;
        }
        try {
            X509Certificate parsed = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate));
            name = parsed.getSubjectX500Principal().getName().replaceFirst("^CN=([\\w.-]*).*$", "$1");
            SSLContext made = SSLContext.getInstance("TLS");
            made.init(new KeyManager[] {new OnlyKey(key, parsed)}, null, null);
            made.getServerSessionContext().setSessionCacheSize(MAX_TLS_SESSIONS);
            made.getServerSessionContext().setSessionTimeout(TLS_SESSION_SECONDS);
            tls = made;
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the identity's certificate was readable before", e);
        }
    }

    /**
     * One end of a connection, made by the JDK alone: Netty's {@code SslContext} would look whether it is Bouncy Castle's, and load 750
     * classes and two lists of algorithms for that.
     */
    private SSLEngine newEngine() {
        SSLEngine engine = tls().createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(PROTOCOLS);
        engine.setEnabledCipherSuites(CIPHER_SUITES);
        // Nothing is said to who offers HTTP/2 alone, and nothing refused.
        engine.setHandshakeApplicationProtocolSelector((same, offered) ->
                offered.contains(ApplicationProtocolNames.HTTP_1_1) ? ApplicationProtocolNames.HTTP_1_1 : "");
        return engine;
    }

    /** Tells TLS from plain HTTP by the first byte, as nginx does. */
    private final class Entrance extends ChannelInboundHandlerAdapter {
        private static final int HANDSHAKE = 22;
        private static final int SSL_2 = 0x80;

        private final long acceptedNanos;

        Entrance(long acceptedNanos) {
            this.acceptedNanos = acceptedNanos;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            if (!in.isReadable()) {
                in.release();
                return;
            }
            int first = in.getUnsignedByte(in.readerIndex());
            boolean plain = first != HANDSHAKE && (first & SSL_2) == 0;
            ChannelPipeline pipeline = ctx.pipeline();
            if (!plain) {
                SslHandler handler = new SslHandler(newEngine());
                handler.setHandshakeTimeout(remainingNanos(acceptedNanos, ctx.executor()), TimeUnit.NANOSECONDS);
                pipeline.addLast(turns.get());
                pipeline.addLast(handler);
            }
            pipeline.addLast(new WebHandler(plain, name, timeout, clock));
            ctx.fireChannelRead(in);
            ctx.fireChannelReadComplete();
            pipeline.remove(this);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
