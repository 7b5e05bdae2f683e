package dev.tandem.client.upstream;

import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LinkNetwork;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.Endpoint;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.handler.proxy.Socks4ProxyHandler;
import io.netty.handler.proxy.Socks5ProxyHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The network behind an upstream proxy (pt-spec 3.2.2). Fail closed: TCP is connected to the proxy's address and no other, names are
 * not looked up, and there is UDP only where a SOCKS5 proxy relays it. On one event loop.
 *
 * <p>It says nothing of the local address on the way to a bridge, so nothing is learned of UDP and the networks that it
 * was tried from: what happens behind a proxy says nothing of them.
 */
public final class UpstreamNetwork implements LinkNetwork {
    /** A proxy that has refused to relay UDP is not asked again for so long. */
    private static final long REFUSAL_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final UpstreamProxy proxy;
    private final LinkConfig config;
    private final @Nullable InetSocketAddress local;
    private boolean refused;
    private long refusedNanos;

    /**
     * @param proxy where everything goes through
     * @param config the outbound bind addresses are of use on the way to the proxy, not on that to a bridge
     */
    public UpstreamNetwork(UpstreamProxy proxy, LinkConfig config) {
        this.proxy = proxy;
        this.config = config;
        this.local = localFor(proxy.address().getAddress(), config);
    }

    private static @Nullable InetSocketAddress localFor(InetAddress remote, LinkConfig config) {
        if (remote.isLoopbackAddress()) {
            return null;
        }
        InetAddress bind = remote.getAddress().length == 4 ? config.outboundBindV4() : config.outboundBindV6();
        return bind == null ? null : new InetSocketAddress(bind, 0);
    }

    /** The future succeeds when the proxy has connected; its failure is a {@link LinkException}. */
    @Override
    public ChannelFuture connectTcp(
            EventLoop loop,
            @Nullable InetSocketAddress unused,
            InetSocketAddress remote,
            int timeoutMillis,
            ChannelHandler handler) {
        ProxyHandler negotiation = newNegotiation();
        // One deadline for all that comes before the bridge, ours.
        negotiation.setConnectTimeoutMillis(0);
        UpstreamGate gate = new UpstreamGate(negotiation, remote);
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channelFactory(() -> UtpTransports.newSocketChannel(loop))
                .disableResolver()
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(negotiation).addLast(gate).addLast(handler);
                    }
                });
        // The bridge's address is known to the gate alone: a socket has no way to be connected to it.
        ChannelFuture connecting =
                local == null ? bootstrap.connect(proxy.address()) : bootstrap.connect(proxy.address(), local);
        if (connecting.cause() != null) {
            // Without a channel, perhaps, which promises need.
            return connecting.channel().newFailedFuture(UpstreamFailure.ofTcp(connecting.cause()));
        }
        ChannelPromise ready = connecting.channel().newPromise();
        gate.open(ready);
        connecting.addListener((ChannelFutureListener) done -> {
            if (!done.isSuccess()) {
                ready.tryFailure(UpstreamFailure.ofTcp(done.cause()));
            }
        });
        Future<?> deadline = loop.schedule(
                () -> {
                    if (ready.tryFailure(UpstreamFailure.late())) {
                        ready.channel().close();
                    }
                },
                timeoutMillis,
                TimeUnit.MILLISECONDS);
        ready.addListener(done -> deadline.cancel(false));
        return ready;
    }

    private ProxyHandler newNegotiation() {
        String user = proxy.user().orElse(null);
        String password = proxy.password().orElse("");
        return switch (proxy.type()) {
            case SOCKS4A -> new Socks4ProxyHandler(proxy.address(), user == null ? null : octets(user));
            case SOCKS5 ->
                user == null
                        ? new Socks5ProxyHandler(proxy.address())
                        : new Socks5ProxyHandler(proxy.address(), octets(user), octets(password));
            case HTTP ->
                user == null
                        ? new HttpProxyHandler(proxy.address())
                        : new HttpProxyHandler(proxy.address(), user, password);
        };
    }

    /** Netty writes one byte for each character of SOCKS credentials: UTF-8 has to be there before. */
    static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Whether µTP can be dialled at all. Whether the proxy relays it shows then. */
    public boolean mayTakeUdp() {
        return proxy.type() == UpstreamProxy.Type.SOCKS5;
    }

    @Override
    public @Nullable ChannelFuture connectUtp(
            EventLoop loop,
            @Nullable InetSocketAddress unused,
            InetSocketAddress remote,
            ConnectionConfig utp,
            ChannelHandler handler) {
        long now = loop.ticker().nanoTime();
        if (!mayTakeUdp() || (refused && now - refusedNanos < REFUSAL_NANOS)) {
            return null;
        }
        int timeoutMillis = (int) TimeUnit.NANOSECONDS.toMillis(utp.connectTimeoutNanos());
        int room = Endpoint.BASE_DATAGRAM_BYTES - RelayedDatagrams.headerBytes(remote);
        int most = utp.maxDatagramBytes() == 0 ? room : Math.min(room, utp.maxDatagramBytes());
        ChannelFuture registered = new Bootstrap()
                .group(loop)
                .channelFactory(UtpChannel::new)
                .option(UtpChannelOption.CONNECTION_CONFIG, utp.withMaxDatagramBytes(most))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(handler)
                .register();
        if (registered.cause() != null) {
            return registered;
        }
        Channel channel = registered.channel();
        UdpAssociation association = new UdpAssociation(proxy, loop, () -> abort(channel));
        ChannelPromise connected = channel.newPromise();
        channel.closeFuture().addListener(closed -> {
            // Else the socket, which outlives the channel for its last bytes, ends it.
            if (connected.tryFailure(new ClosedChannelException())) {
                association.close();
            }
        });
        association.open(loop, local, timeoutMillis).addListener((Future<InetSocketAddress> done) -> {
            if (done.isSuccess() && mayBeRelay(done.getNow(), remote)) {
                connectThrough(channel, done.getNow(), remote, association, connected);
                return;
            }
            if (done.cause() instanceof UdpAssociation.Refused) {
                refused = true;
                refusedNanos = now;
            }
            association.close();
            connected.tryFailure(done.isSuccess() ? new IOException("no relay") : done.cause());
            channel.close();
        });
        return connected;
    }

    /** To a relay at the bridge's own address, say, datagrams would go directly. */
    private boolean mayBeRelay(InetSocketAddress relay, InetSocketAddress remote) {
        InetAddress address = relay.getAddress();
        InetAddress known = proxy.address().getAddress();
        return address.equals(known)
                || (!address.equals(remote.getAddress())
                        && !address.isLoopbackAddress()
                        && !address.isMulticastAddress());
    }

    private void connectThrough(
            Channel channel,
            InetSocketAddress relay,
            InetSocketAddress remote,
            UdpAssociation association,
            ChannelPromise connected) {
        channel.config()
                .setOption(UtpChannelOption.DATAGRAM_HANDLER, new RelayedDatagrams(relay, remote, association::close));
        InetSocketAddress from = localFor(relay.getAddress(), config);
        channel.connect(remote, from != null ? from : anyLike(relay)).addListener(done -> {
            if (done.isSuccess()) {
                connected.trySuccess();
            } else if (connected.tryFailure(done.cause())) {
                association.close();
            }
        });
    }

    private static InetSocketAddress anyLike(InetSocketAddress relay) {
        return new InetSocketAddress(
                RelayedDatagrams.addressOf(new byte[relay.getAddress().getAddress().length]), 0);
    }

    /** Without the relay nothing that is still to be said arrives. */
    private static void abort(Channel channel) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            channel.close();
        }
    }

    @Override
    public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress address, ChannelHandler childHandler) {
        throw new IllegalStateException("a client does not listen for the link");
    }

    @Override
    public ChannelFuture bindUtp(
            EventLoop loop, InetSocketAddress address, EndpointConfig config, ChannelHandler childHandler) {
        throw new IllegalStateException("a client does not listen for the link");
    }

    /** Without addresses and credentials. */
    @Override
    public String toString() {
        return "UpstreamNetwork[" + proxy + "]";
    }
}
