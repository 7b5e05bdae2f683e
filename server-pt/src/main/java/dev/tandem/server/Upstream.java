package dev.tandem.server;

import dev.tandem.ptspec.netty.ExtendedOrPortHandler;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.LocalSockets;
import dev.tandem.utp.paired.SessionRelay;
import dev.tandem.utp.paired.strangers.Decoy;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the bridge hands its sessions to: tor's Extended ORPort, its plain ORPort, or, standalone, any TCP service.
 *
 * @param address where to connect
 * @param cookieFile of the Extended ORPort; null for a plain one
 * @param local the address to connect from; null for any
 */
record Upstream(
        InetSocketAddress address,
        @Nullable Path cookieFile,
        @Nullable InetAddress local) {
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final String TRANSPORT = "utp";

    /** tor as the decoy of a relay: its peers who come by no transport are introduced as well, where that is possible. */
    Decoy decoy() {
        Path cookie = cookieFile;
        if (cookie == null) {
            return Decoy.orPort(address);
        }
        return Decoy.extendedOrPort(address, (pipeline, stranger) -> {
            ExtendedOrPortHandler introduction = new ExtendedOrPortHandler(cookie, stranger);
            pipeline.addLast(introduction);
            return introduction.ready();
        });
    }

    /**
     * Connects for one session, with the relay at the end of the pipeline.
     *
     * @param client where the session comes from, which tor counts countries with
     * @return succeeds when payload may flow
     */
    Future<Channel> connect(EventLoop loop, InetSocketAddress client, SessionRelay relay) {
        Path cookie = cookieFile;
        ExtendedOrPortHandler introduction =
                cookie == null ? null : new ExtendedOrPortHandler(cookie, client, TRANSPORT);
        ChannelHandler pipeline = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (introduction != null) {
                    channel.pipeline().addLast(introduction);
                }
                channel.pipeline().addLast(relay);
            }
        };
        Bootstrap bootstrap = LocalSockets.dialling(loop, new Bootstrap())
                .group(loop)
                .channelFactory(() -> UtpTransports.newSocketChannel(loop))
                .option(ChannelOption.AUTO_READ, introduction != null)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .handler(pipeline);
        InetSocketAddress from = local == null ? null : new InetSocketAddress(local, 0);
        ChannelFuture connected = from == null ? bootstrap.connect(address) : bootstrap.connect(address, from);
        Promise<Channel> ready = loop.newPromise();
        connected.addListener(done -> {
            if (!done.isSuccess()) {
                ready.setFailure(done.cause());
            } else if (introduction == null) {
                ready.setSuccess(connected.channel());
            } else {
                introduction.ready().addListener(introduced -> {
                    if (introduced.isSuccess()) {
                        ready.setSuccess(connected.channel());
                    } else {
                        ready.setFailure(introduced.cause());
                    }
                });
            }
        });
        return ready;
    }
}
