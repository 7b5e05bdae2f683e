package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import dev.tandem.utp.protocol.ConnectionConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One dial of µTP by a client. The first one starts together with TCP, and waits, connected, until there is a session
 * whose keys it can be paired with.
 */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class UtpDial extends ChannelInboundHandlerAdapter {
    private final Runnable whenFailed;
    private @Nullable Channel channel;
    private @Nullable LinkSession session;
    private boolean connected;
    private boolean over;

    /** @param whenFailed runs if the connection cannot be opened, before the session hears of it */
    UtpDial(Runnable whenFailed) {
        this.whenFailed = whenFailed;
    }

    /** Starts dialling. */
    void start(
            LinkNetwork network,
            EventLoop loop,
            @Nullable InetSocketAddress local,
            InetSocketAddress remote,
            ConnectionConfig config) {
        ChannelFuture future = network.connectUtp(loop, local, remote, config, this);
        if (future == null || future.cause() != null) {
            // Without a channel, as in ClientDial.
            fail();
            return;
        }
        channel = future.channel();
        future.addListener((ChannelFutureListener) done -> {
            if (!done.isSuccess()) {
                fail();
            } else if (over) {
                done.channel().close();
            }
        });
    }

    /** The session that the connection is for. */
    void use(LinkSession owner) {
        session = owner;
        if (over) {
            owner.handleUtpDialFailed();
        } else if (connected) {
            pair(owner);
        }
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
            over = true;
            whenFailed.run();
            if (session != null) {
                session.handleUtpDialFailed();
            }
        }
    }

    private void pair(LinkSession owner) {
        Channel open = channel;
        int attempt = owner.beginPairing();
        if (attempt < 0 || open == null) {
            cancel();
            return;
        }
        over = true;
        PairingKeys keys = owner.keys().pairing(attempt);
        SealedRecords records = new SealedRecords(keys.clientToServer(), keys.serverToClient());
        CarrierChannel carrier = new CarrierChannel(CarrierKind.UTP, owner);
        open.pipeline()
                .addLast(new SealedRecordHandler(records, keys.id().bytes()))
                .addLast(carrier);
        owner.attach(carrier, attempt);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        channel = ctx.channel();
        connected = true;
        if (session != null && !over) {
            pair(session);
        }
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (over) {
            // There is a carrier behind this handler, which wants to know.
            ctx.fireExceptionCaught(cause);
        } else {
            ctx.close();
        }
    }
}
