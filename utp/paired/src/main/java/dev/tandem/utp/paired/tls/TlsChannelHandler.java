package dev.tandem.utp.paired.tls;

import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.crypto.LinkKeys;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.security.PrivateKey;
import java.time.InstantSource;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerProtocol;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/**
 * TLS on one channel. Fires {@link Up} once when the handshake is complete, {@link Ended} once when the peer sent
 * close_notify; a channel that goes inactive without it was cut off. A failed handshake or record sends its alert, fires
 * {@link Failed}, and closes. No deadline here: who adds the handler knows what it is a step of.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails closes the channel, and channelInactive reports it
public final class TlsChannelHandler extends ChannelDuplexHandler {
    /** The handshake is complete; for a client, the pin is verified. */
    public record Up(LinkKeys keys) {}

    /** The peer closed TLS in order. */
    public enum Ended {
        INSTANCE
    }

    /**
     * TLS failed.
     *
     * @param otherPin the SHA-256 of the SPKI that answered, in hexadecimal, if it failed because that is not the pinned one; else null.
     *     Not for logs: it would name the bridge
     * @param detail a single line; no address in it
     */
    public record Failed(@Nullable String otherPin, String detail) {
        /** Whether it failed because another key than the pinned one answered. */
        public boolean pinWrong() {
            return otherPin != null;
        }
    }

    private final TlsProtocol protocol;
    private final TlsSide side;
    private boolean started;
    private boolean up;
    private boolean failed;
    /** We have said close_notify: what still comes is not wanted, but is read, until the other side ends as well. */
    private boolean ended;

    private TlsChannelHandler(TlsProtocol protocol, TlsSide side) {
        this.protocol = protocol;
        this.side = side;
    }

    /** A client that goes by the system's clock. */
    public static TlsChannelHandler client(JcaTlsCrypto crypto, BridgeCert cert) {
        return client(crypto, cert, InstantSource.system());
    }

    /** A client by which the server knows that it has the bridge's secret, if the clocks of both are alike. */
    public static TlsChannelHandler client(JcaTlsCrypto crypto, BridgeCert cert, InstantSource clock) {
        return new TlsChannelHandler(new TlsClientProtocol(), new PinnedTlsClient(crypto, cert, clock));
    }

    /** The certificate is made once with {@link JcaTlsCrypto#createCertificate}. */
    public static TlsChannelHandler server(
            JcaTlsCrypto crypto, PrivateKey key, TlsCertificate certificate, byte[] bridgeSecret) {
        return new TlsChannelHandler(
                new TlsServerProtocol(), new BridgeTlsServer(crypto, key, certificate, bridgeSecret));
    }

    /** Whether the handshake is complete. On the channel's event loop. */
    public boolean isUp() {
        return up;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            start(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        start(ctx);
        ctx.fireChannelActive();
    }

    private void start(ChannelHandlerContext ctx) {
        if (started) {
            return;
        }
        started = true;
        try {
            if (protocol instanceof TlsClientProtocol client) {
                client.connect((PinnedTlsClient) side);
            } else {
                ((TlsServerProtocol) protocol).accept((BridgeTlsServer) side);
            }
            writeOutput(ctx, ctx.voidPromise());
            ctx.flush();
        } catch (IOException e) {
            fail(ctx, e);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (failed || protocol.isClosed()) {
                return;
            }
            if (in.hasArray()) {
                protocol.offerInput(in.array(), in.arrayOffset() + in.readerIndex(), in.readableBytes());
            } else {
                byte[] bytes = new byte[in.readableBytes()];
                in.getBytes(in.readerIndex(), bytes);
                protocol.offerInput(bytes);
            }
            LinkKeys keys = side.keys();
            if (!up && keys != null) {
                up = true;
                ctx.fireUserEventTriggered(new Up(keys));
            }
            fireInput(ctx);
            writeOutput(ctx, ctx.voidPromise());
            if (protocol.isClosed() && !failed && !ended) {
                ctx.fireUserEventTriggered(Ended.INSTANCE);
                ctx.flush();
                ctx.close();
            }
        } catch (IOException | RuntimeException e) {
            fireInput(ctx);
            fail(ctx, e);
        } finally {
            in.release();
        }
    }

    private void fireInput(ChannelHandlerContext ctx) {
        int available = protocol.getAvailableInputBytes();
        if (available > 0 && up) {
            ByteBuf plain = ctx.alloc().heapBuffer(available, available);
            protocol.readInput(plain.array(), plain.arrayOffset(), available);
            plain.writerIndex(available);
            ctx.fireChannelRead(plain);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Handshake messages; the handlers behind flush what they write.
        ctx.flush();
        ctx.fireChannelReadComplete();
    }

    private void writeOutput(ChannelHandlerContext ctx, ChannelPromise promise) {
        int available = protocol.getAvailableOutputBytes();
        if (available == 0) {
            if (!promise.isVoid()) {
                ctx.write(Unpooled.EMPTY_BUFFER, promise);
            }
            return;
        }
        ByteBuf out = ctx.alloc().heapBuffer(available, available);
        protocol.readOutput(out.array(), out.arrayOffset(), available);
        out.writerIndex(available);
        ctx.write(out, promise);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ByteBuf plain = (ByteBuf) message;
        try {
            if (!up || failed || protocol.isClosed()) {
                promise.tryFailure(new IOException("TLS is not open"));
                return;
            }
            if (plain.isReadable()) {
                protocol.writeApplicationData(
                        plain.array(), plain.arrayOffset() + plain.readerIndex(), plain.readableBytes());
            }
            writeOutput(ctx, promise);
        } catch (IOException | RuntimeException e) {
            promise.tryFailure(e);
            fail(ctx, e);
        } finally {
            plain.release();
        }
    }

    /** Sends close_notify first, so that the peer can tell an end from a cut. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        writeCloseNotify(ctx);
        ctx.flush();
        ctx.close(promise);
    }

    /** Writes close_notify, once; nothing can be written behind it. Flush it with the channel. */
    public void writeCloseNotify(ChannelHandlerContext ctx) {
        if (!started || failed || protocol.isClosed()) {
            return;
        }
        try {
            ended = true;
            protocol.close();
        } catch (IOException e) {
            failed = true;
        }
        writeOutput(ctx, ctx.voidPromise());
    }

    private void fail(ChannelHandlerContext ctx, Exception cause) {
        if (failed) {
            return;
        }
        failed = true;
        writeOutput(ctx, ctx.voidPromise());
        String otherPin = side instanceof PinnedTlsClient client ? client.otherPin() : null;
        ctx.fireUserEventTriggered(new Failed(otherPin, describe(cause)));
        ctx.flush();
        ctx.close();
    }

    /** The library's texts name alerts and states, never addresses; anything else is reduced to its class. */
    private static String describe(Exception cause) {
        @Nullable String message = cause.getMessage();
        boolean fromTls = cause.getClass().getPackageName().startsWith("org.bouncycastle.tls");
        return fromTls && message != null ? message.lines().findFirst().orElse("TLS failed") : "TLS failed";
    }
}
