package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.paired.session.Carrier;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A channel as a carrier of a session: the last handler, behind the one that seals. */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class CarrierChannel extends ChannelInboundHandlerAdapter implements Carrier {
    /**
     * Most bytes in one record on µTP. Small, since a record is of use only when all of it has come, and on a slow path
     * the time that takes looks like a stall.
     */
    private static final int UTP_WRITE_BYTES = 4 * 1024;

    /** Nothing but what the engine has turned away waits in the channel; that it has gone in is what looks anew. */
    private static final WriteBufferWaterMark UTP_WATER_MARK = new WriteBufferWaterMark(1, 1);

    /** One record, that is; the kernel has more. */
    private static final WriteBufferWaterMark TLS_WATER_MARK = new WriteBufferWaterMark(4 * 1024, 8 * 1024);

    private final CarrierKind kind;
    private final LinkSession session;
    private final UnsentLimit unsentLimit = new UnsentLimit();
    private final PathMeter meter;
    private @Nullable ChannelHandlerContext context;
    private String endCause;
    private boolean closing;

    CarrierChannel(CarrierKind kind, LinkSession session) {
        this.kind = kind;
        this.session = session;
        this.endCause = kind + " was cut off";
        this.meter = new PathMeter(kind, session.events());
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    // For the session.

    @Override
    public CarrierKind kind() {
        return kind;
    }

    @Override
    public boolean isWritable() {
        Channel channel = context().channel();
        if (!channel.isActive()) {
            return false;
        }
        // Up to a record more than there is room for, so that the engine has to say when there is room again.
        return channel instanceof UtpChannel utp ? utp.roomBytes() >= 0 : channel.isWritable();
    }

    @Override
    public int maxWriteBytes() {
        return kind == CarrierKind.TLS ? Math.min(Frames.MAX_FRAME, unsentLimit.writeBytes()) : UTP_WRITE_BYTES;
    }

    @Override
    public void write(ByteBuf frames) {
        context().write(frames);
    }

    @Override
    public void flush() {
        ChannelHandlerContext ctx = context();
        if (kind == CarrierKind.TLS) {
            unsentLimit.update(ctx.channel(), ctx.executor().ticker().nanoTime());
        }
        ctx.flush();
    }

    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        closeInOrder(context(), session.config().closeTimeout());
    }

    /**
     * Ends our half behind what was written, and closes when the other side has ended its own, or after the time limit: to
     * close the socket with bytes unread would reset it, and take back what we wrote last.
     */
    static void closeInOrder(ChannelHandlerContext ctx, Duration limit) {
        Channel channel = ctx.channel();
        writeEnd(ctx).addListener((ChannelFutureListener) written -> {
            if (written.isSuccess() && channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            } else {
                channel.close();
            }
        });
        if (channel.isOpen()) {
            ctx.executor().schedule(() -> channel.close(), limit.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private static ChannelFuture writeEnd(ChannelHandlerContext ctx) {
        ChannelHandlerContext tls = ctx.pipeline().context(TlsChannelHandler.class);
        if (tls != null && tls.handler() instanceof TlsChannelHandler handler) {
            handler.writeCloseNotify(tls);
            return tls.writeAndFlush(Unpooled.EMPTY_BUFFER);
        }
        return ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
    }

    @Override
    public void abort() {
        closing = true;
        Channel channel = context().channel();
        if (channel.isOpen()) {
            // Nothing that is still queued is wanted, and the other side shall know at once.
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            channel.close();
        }
    }

    /** Looks at the path. */
    void sample(Consumer<PathSample> observer) {
        meter.measure(context().channel(), observer);
    }

    // From the channel.

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setWriteBufferWaterMark(kind == CarrierKind.UTP ? UTP_WATER_MARK : TLS_WATER_MARK);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            session.handleBytes(this, bytes);
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        session.handleBytesComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            session.handleWritable();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == TlsChannelHandler.Ended.INSTANCE) {
            endCause = "TLS was closed by the other side";
            session.handleClosed(this, endCause, true);
        } else if (event instanceof TlsChannelHandler.Failed failed) {
            endCause = failed.detail();
        } else if (event instanceof SealedRecordHandler.Spoiled spoiled) {
            endCause = spoiled.detail();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // The text of an exception from the network may hold addresses.
        endCause = kind + " broke";
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        meter.measure(ctx.channel(), null);
        session.handleClosed(this, endCause, false);
        ctx.fireChannelInactive();
    }
}
