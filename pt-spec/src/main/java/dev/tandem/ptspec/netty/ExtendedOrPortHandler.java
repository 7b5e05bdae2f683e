package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.ExtendedOrPort;
import dev.tandem.ptspec.SafeCookie;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Introduces a client's connection to tor on the Extended ORPort (ext-orport-spec), for one connection to it.
 *
 * <p>Add it to the pipeline of the connection to tor, and write nothing until {@link #ready} succeeds: tor closes the connection for payload that
 * comes before its OKAY. Then, on the event loop, listeners of {@code ready} run first, the handler removes itself, and bytes that came behind
 * the OKAY go to the handler behind it; so a relay may be there from the start, or be added by a listener. If anything goes wrong, {@code ready} fails
 * with an {@link IOException} of one line and the channel is closed.
 *
 * <p>The plain ORPort needs nothing of this kind.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write or close that fails shows as the channel becoming inactive
public final class ExtendedOrPortHandler extends ByteToMessageDecoder {
    /** How long tor may take for all of it; it is on the same machine. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /** Authentication types are distinct bytes other than 0, which ends them. */
    private static final int MAX_AUTH_TYPES = 255;

    private enum State {
        AUTH_TYPES("its authentication types"),
        SERVER_HASH("its authentication"),
        STATUS("its verdict on ours"),
        REPLY("its OKAY"),
        DONE("nothing");

        /** What we wait for. */
        private final String awaited;

        State(String awaited) {
            this.awaited = awaited;
        }
    }

    private final Path cookieFile;
    private final byte[] introduction;
    private final Duration timeout;
    private final byte[] clientNonce = new byte[SafeCookie.NONCE_BYTES];
    // Not the channel's executor, so that there is a future before there is a channel; we complete it on the event loop
    // anyway.
    private final Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();

    private State state = State.AUTH_TYPES;
    private @Nullable SafeCookie cookie;
    private @Nullable Future<?> deadline;

    /** With {@link #DEFAULT_TIMEOUT} and the system's random source. */
    public ExtendedOrPortHandler(Path cookieFile, InetSocketAddress client, String transport) {
        this(cookieFile, client, transport, DEFAULT_TIMEOUT, new SecureRandom());
    }

    /** For a connection that came by no transport; with {@link #DEFAULT_TIMEOUT} and the system's random source. */
    public ExtendedOrPortHandler(Path cookieFile, InetSocketAddress client) {
        this(cookieFile, ExtendedOrPort.introduction(client), DEFAULT_TIMEOUT, new SecureRandom());
    }

    /**
     * Introduces one connection.
     *
     * @param cookieFile read when tor has said hello
     * @param client where the client's connection comes from, port 1 to 65535
     * @param transport the transport's name
     * @param timeout from the connection's being up until OKAY
     * @param random for the nonce
     * @throws IllegalArgumentException if address or name are such that tor would close the connection
     */
    public ExtendedOrPortHandler(
            Path cookieFile, InetSocketAddress client, String transport, Duration timeout, SecureRandom random) {
        this(cookieFile, ExtendedOrPort.introduction(client, transport), timeout, random);
    }

    private ExtendedOrPortHandler(Path cookieFile, byte[] introduction, Duration timeout, SecureRandom random) {
        this.cookieFile = cookieFile;
        this.introduction = introduction;
        this.timeout = timeout;
        random.nextBytes(clientNonce);
        ready.setUncancellable(); // the channel's close is the way to give up
    }

    /** Succeeds when payload may flow; fails with an {@link IOException}. Completed on the channel's event loop. */
    public Future<Void> ready() {
        return ready;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            begin(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        fail(ctx, "the Extended ORPort closed the connection before " + state.awaited, null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (state == State.DONE) {
            super.exceptionCaught(ctx, cause);
        } else {
            fail(ctx, "the connection to the Extended ORPort broke before " + state.awaited, cause);
        }
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        // By somebody else, or because the channel could not be connected.
        fail(ctx, "the connection to the Extended ORPort was given up", null);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (state) {
            case AUTH_TYPES -> decodeAuthTypes(ctx, in);
            case SERVER_HASH -> decodeServerHash(ctx, in);
            case STATUS -> decodeStatus(ctx, in);
            case REPLY -> decodeReply(ctx, in);
            case DONE -> in.skipBytes(in.readableBytes()); // failed and closing
        }
    }

    private void begin(ChannelHandlerContext ctx) {
        deadline = ctx.executor()
                .schedule(
                        () -> fail(ctx, "the Extended ORPort did not send " + state.awaited + " in time", null),
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS);
        if (!ctx.channel().config().isAutoRead()) {
            ctx.read(); // further reads are ByteToMessageDecoder's doing
        }
    }

    private void decodeAuthTypes(ChannelHandlerContext ctx, ByteBuf in) {
        int count = in.bytesBefore((byte) ExtendedOrPort.AUTH_NONE);
        if (count < 0 ? in.readableBytes() > MAX_AUTH_TYPES : count > MAX_AUTH_TYPES) {
            fail(ctx, "not an Extended ORPort: the list of authentication types has no end", null);
            return;
        }
        if (count < 0) {
            return;
        }
        boolean safeCookie = in.bytesBefore(count, (byte) ExtendedOrPort.AUTH_SAFE_COOKIE) >= 0;
        in.skipBytes(count + 1);
        if (!safeCookie) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {ExtendedOrPort.AUTH_NONE}));
            fail(ctx, "the Extended ORPort does not offer SAFE_COOKIE", null);
            return;
        }
        try {
            cookie = SafeCookie.read(cookieFile);
        } catch (IOException e) {
            fail(ctx, String.valueOf(e.getMessage()), e);
            return;
        }
        state = State.SERVER_HASH;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {ExtendedOrPort.AUTH_SAFE_COOKIE}, clientNonce));
    }

    private void decodeServerHash(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readableBytes() < SafeCookie.HASH_BYTES + SafeCookie.NONCE_BYTES || cookie == null) {
            return;
        }
        byte[] serverHash = new byte[SafeCookie.HASH_BYTES];
        byte[] serverNonce = new byte[SafeCookie.NONCE_BYTES];
        in.readBytes(serverHash).readBytes(serverNonce);
        if (!cookie.verifyServerHash(serverHash, clientNonce, serverNonce)) {
            fail(ctx, "the Extended ORPort does not know the cookie in the cookie file", null);
            return;
        }
        state = State.STATUS;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(cookie.clientHash(clientNonce, serverNonce)));
    }

    private void decodeStatus(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readByte() != ExtendedOrPort.STATUS_OK) {
            fail(ctx, "the Extended ORPort refused our authentication", null);
            return;
        }
        state = State.REPLY;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(introduction));
    }

    private void decodeReply(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readableBytes() < ExtendedOrPort.HEADER_BYTES) {
            return;
        }
        int bodyLength = in.getUnsignedShort(in.readerIndex() + 2);
        if (in.readableBytes() < ExtendedOrPort.HEADER_BYTES + bodyLength) {
            return;
        }
        int command = in.readUnsignedShort();
        in.skipBytes(2 + bodyLength);
        if (command == ExtendedOrPort.OKAY) {
            finish();
            ready.setSuccess(null);
            // Passes on what it still holds as soon as decode returns.
            ctx.pipeline().remove(this);
        } else if (command == ExtendedOrPort.DENY) {
            fail(ctx, "tor denies this client on the Extended ORPort", null);
        }
        // "Parties MUST ignore command codes that they do not understand" (ext-orport-spec 3.1): CONTROL is one.
    }

    private void fail(ChannelHandlerContext ctx, String message, @Nullable Throwable cause) {
        if (state != State.DONE) {
            finish();
            ready.setFailure(new IOException(message, cause));
            ctx.close();
        }
    }

    private void finish() {
        state = State.DONE;
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
