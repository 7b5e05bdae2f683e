package dev.tandem.utp.paired;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.crypto.PairingId;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A µTP connection to a server until its 48 bytes are matched to a session, or its time is over. */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class PairingHandler extends ChannelInboundHandlerAdapter implements PairingRegistry.Waiting {
    private final PairingRegistry registry;
    private final LinkConfig config;
    private final BiConsumer<ChannelHandlerContext, Refusal> refused;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> timer;
    /** The identifier as far as it came, and what came behind it in the same read. */
    private @Nullable ByteBuf held;

    private @Nullable PairingId id;
    private boolean decided;

    PairingHandler(PairingRegistry registry, LinkConfig config, BiConsumer<ChannelHandlerContext, Refusal> refused) {
        this.registry = registry;
        this.config = config;
        this.refused = refused;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        timer = ctx.executor()
                .schedule(
                        () -> {
                            registry.remove(this);
                            refuse(Refusal.UTP_UNMATCHED);
                        },
                        config.pairingTimeout().toNanos(),
                        TimeUnit.NANOSECONDS);
        registry.add(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (decided) {
            in.release();
            return;
        }
        if (held == null) {
            // A copy: what waits must not keep a large read buffer.
            held = ctx.alloc().heapBuffer(in.readableBytes());
        }
        int length = in.readableBytes();
        held.writeBytes(in);
        in.release();
        if (id != null) {
            registry.grow(length);
        } else if (held.readableBytes() >= PairingId.LENGTH) {
            identify(ctx, held);
        }
    }

    private void identify(ChannelHandlerContext ctx, ByteBuf bytes) {
        byte[] first = new byte[PairingId.LENGTH];
        bytes.readBytes(first);
        PairingId said = new PairingId(first);
        id = said;
        // What comes behind waits in the connection's own window.
        ctx.channel().config().setAutoRead(false);
        PairingRegistry.Expected expected = registry.identify(this, said);
        if (expected != null) {
            match(expected);
        }
    }

    @Override
    public @Nullable PairingId id() {
        return id;
    }

    @Override
    public int heldBytes() {
        return held == null ? 0 : held.readableBytes();
    }

    @Override
    public void match(PairingRegistry.Expected expected) {
        ChannelHandlerContext ctx = context;
        if (!decide() || ctx == null) {
            return;
        }
        LinkSession session = expected.session();
        PairingKeys keys = session.keys().pairing(expected.attempt());
        SealedRecords records = new SealedRecords(keys.serverToClient(), keys.clientToServer());
        CarrierChannel carrier = new CarrierChannel(CarrierKind.UTP, session);
        ctx.pipeline().addLast(new SealedRecordHandler(records, null)).addLast(carrier);
        session.attach(carrier, expected.attempt());
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            if (rest.isReadable()) {
                ctx.fireChannelRead(rest);
                ctx.fireChannelReadComplete();
            } else {
                rest.release();
            }
        }
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
        ctx.channel().config().setAutoRead(true);
    }

    @Override
    public void displace() {
        refuse(Refusal.UTP_DISPLACED);
    }

    @Override
    public void stop() {
        if (decide() && context != null) {
            context.close();
        }
    }

    private void refuse(Refusal refusal) {
        ChannelHandlerContext ctx = context;
        if (decide() && ctx != null) {
            refused.accept(ctx, refusal);
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        registry.remove(this);
        if (decide()) {
            refused.accept(ctx, Refusal.UTP_UNMATCHED);
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    private boolean decide() {
        if (decided) {
            return false;
        }
        decided = true;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        return true;
    }
}
