package dev.tandem.client;

import dev.tandem.client.upstream.UpstreamNetwork;
import dev.tandem.metrics.LiveLine;
import dev.tandem.metrics.MetricsAddress;
import dev.tandem.metrics.Program;
import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.SocksReplyCode;
import dev.tandem.ptspec.TransportStatus;
import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.ptspec.netty.SocksListener;
import dev.tandem.ptspec.netty.SocksReply;
import dev.tandem.ptspec.netty.SocksRequest;
import dev.tandem.ptspec.netty.SocksServerHandler;
import dev.tandem.utp.netty.UdpBuffers;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LocalSockets;
import dev.tandem.utp.paired.SessionRelay;
import dev.tandem.utp.paired.memory.PathMemory;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's listeners and its sessions, all on one event loop. */
final class ClientProxy implements AutoCloseable {
    private static final int STOP_SECONDS = 2;
    /** How long sessions may take to deliver what was written: tor does not wait for its proxies. */
    private static final Duration DRAIN_LIMIT = Duration.ofMillis(2_500);

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final EventLoop loop = group.next();
    private final CarrierTotals totals = new CarrierTotals();
    private final LinkClient client;
    private final Dialer dialer;
    private final ProxyLog log;
    private final List<Channel> listeners = new CopyOnWriteArrayList<>();

    /**
     * @param upstream through which everything goes, or null
     * @param memory for dials without such a proxy; those through one neither ask nor tell it
     * @param status who else is told of connections and carriers, or null
     */
    ClientProxy(
            LinkConfig config,
            @Nullable UpstreamProxy upstream,
            PathMemory memory,
            ProxyLog log,
            @Nullable TransportStatus status) {
        this.log = log;
        UpstreamNetwork network = upstream == null ? null : new UpstreamNetwork(upstream, config);
        this.client = network == null
                ? new LinkClient(loop, totals, memory)
                : new LinkClient(
                        loop,
                        totals,
                        network,
                        new PathMemory(InstantSource.system(), new SecureRandom()),
                        new SplittableRandom());
        this.dialer = new Dialer(loop, client, config, network == null || network.mayTakeUdp(), log, status);
        UdpBuffers.shortage().ifPresent(log::warning);
    }

    CarrierTotals totals() {
        return totals;
    }

    /**
     * Listens for tor's SOCKS5 requests, each of which becomes a session with the bridge that it names.
     *
     * @return the address listened on, with its port
     * @throws IOException if it cannot be bound, with a single line
     */
    InetSocketAddress listenSocks(InetSocketAddress address) throws IOException {
        return listen(address, true, new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new SocksServerHandler(new Requests()));
            }
        });
    }

    /** Listens for plain connections, each of which becomes a session with one of some bridges. As {@link #listenSocks}. */
    InetSocketAddress listenPlain(Forward forward) throws IOException {
        return listen(forward.listen(), false, new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                dialer.dial(forward.bridges(), forward.options(), channel, new PlainConnection(channel));
            }
        });
    }

    /** Asks the bridges of a forward for a session, which ends again, and waits for their answer. */
    BridgeAnswer ask(Forward forward) throws InterruptedException {
        Future<BridgeAnswer> answer =
                dialer.ask(forward.bridges(), forward.options()).await();
        return answer.isSuccess() ? answer.getNow() : BridgeAnswer.NONE;
    }

    private InetSocketAddress listen(InetSocketAddress address, boolean autoRead, ChannelHandler handler)
            throws IOException {
        ChannelFuture bound = LocalSockets.accepting(loop, new ServerBootstrap())
                .group(loop)
                .channelFactory(() -> UtpTransports.newServerSocketChannel(loop))
                .childOption(ChannelOption.AUTO_READ, autoRead)
                .childHandler(handler)
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen: " + bound.cause().getMessage(), bound.cause());
        }
        listeners.add(bound.channel());
        return (InetSocketAddress) bound.channel().localAddress();
    }

    /**
     * Shows metrics until it is closed, which is to be before this object. Once tor knows that the proxy is ready.
     *
     * @throws IOException if the address cannot be had, with a single line
     */
    ProxyMetrics showMetrics(MetricsAddress address) throws IOException {
        Program program = new Program("client-pt", ClientMain.version(), true);
        return ProxyMetrics.show(address, program, loop, totals, client);
    }

    /**
     * The same where an option says. Not in the class of a command: there all methods are looked at, those of lambdas too, and their types
     * loaded.
     *
     * @return null if nothing is said
     * @throws ExitException with a single line that names the option
     */
    @Nullable
    ProxyMetrics showMetrics(@Nullable Setting address) throws ExitException {
        if (address == null) {
            return null;
        }
        try {
            return showMetrics(MetricsAddress.parse(address.where(), address.value()));
        } catch (IllegalArgumentException e) {
            throw new ExitException(address.code(), e);
        } catch (IOException e) {
            throw new ExitException(ExitCode.CANNOT_BIND, e);
        }
    }

    /** Shows how the proxy fares on the terminal that standard error is, until it is closed, which is to be before this object. */
    LiveLine showLive() {
        return LiveLine.show(true, loop, totals, client);
    }

    /** Does with the first listener, which is to be for SOCKS, what tor does. As {@link ClientRehearsal#run}. */
    boolean rehearse() throws InterruptedException {
        return !listeners.isEmpty()
                && ClientRehearsal.run((InetSocketAddress) listeners.get(0).localAddress());
    }

    /** Takes nothing new, and gives sessions a moment to deliver what was written; then they are reset. */
    void drain() {
        listeners.forEach(Channel::close);
        client.drain(DRAIN_LIMIT).awaitUninterruptibly(DRAIN_LIMIT.toMillis() + 500, TimeUnit.MILLISECONDS);
    }

    /** Ends all sessions and stops. */
    @Override
    public void close() {
        client.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    }

    private final class Requests implements SocksListener {
        @Override
        public void onRequest(SocksRequest request, SocksReply reply) {
            ClientArguments arguments;
            try {
                arguments = ClientArguments.parse(request.args());
            } catch (PtParseException e) {
                log.warning(String.valueOf(e.getMessage()));
                reply.reject(SocksReplyCode.GENERAL_FAILURE);
                return;
            }
            dialer.dial(request.target(), arguments, reply.channel(), new SocksConnection(reply));
        }

        @Override
        public void onFailure(String reason) {
            log.info("SOCKS: " + reason);
        }
    }

    /** tor waits for the answer to its request; it comes when TLS is up and the pin is verified. */
    private record SocksConnection(SocksReply reply) implements Dialer.Waiting {
        @Override
        public boolean install(SessionRelay relay) {
            ChannelFuture granted = reply.grant(relay);
            return !granted.isDone() || granted.isSuccess();
        }

        @Override
        public void failed(Throwable cause) {
            reply.reject(cause instanceof LinkException link ? codeOf(link.reason()) : SocksReplyCode.GENERAL_FAILURE);
        }

        /** The words that tor's log will have. */
        private static SocksReplyCode codeOf(LinkException.Reason reason) {
            return switch (reason) {
                case REFUSED, RESET -> SocksReplyCode.CONNECTION_REFUSED;
                case TIMEOUT -> SocksReplyCode.TTL_EXPIRED;
                case NETWORK_UNREACHABLE -> SocksReplyCode.NETWORK_UNREACHABLE;
                case HOST_UNREACHABLE -> SocksReplyCode.HOST_UNREACHABLE;
                case WRONG_PIN, NOT_OUR_SERVER, PROXY, BIND_FAILED, CANCELLED, FAILED -> SocksReplyCode.GENERAL_FAILURE;
            };
        }
    }

    private record PlainConnection(Channel channel) implements Dialer.Waiting {
        /** At once: who writes and closes before the session is up is heard all the same. */
        @Override
        public void begin(SessionRelay relay) {
            channel.pipeline().addLast(relay);
        }

        @Override
        public boolean install(SessionRelay relay) {
            return channel.isActive();
        }

        @Override
        public void failed(Throwable cause) {
            channel.close();
        }
    }
}
