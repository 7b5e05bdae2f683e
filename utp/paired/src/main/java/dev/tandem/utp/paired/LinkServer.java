package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.admission.Resume;
import dev.tandem.utp.paired.admission.Resumed;
import dev.tandem.utp.paired.admission.Welcome;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingId;
import dev.tandem.utp.paired.measure.Measurements;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.ResumePoint;
import dev.tandem.utp.paired.strangers.FrontDoor;
import dev.tandem.utp.paired.strangers.KnownAddresses;
import dev.tandem.utp.paired.strangers.Stranger;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.paired.strangers.StrangerStats;
import dev.tandem.utp.paired.strangers.WebServer;
import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import dev.tandem.utp.protocol.EndpointConfig;
import dev.tandem.utp.protocol.SourceFilter;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/** Accepts sessions on one address and port, TCP and µTP. Everything runs on one event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // of closing, which fails only when closed already
public final class LinkServer implements LinkView {
    /** How often port 0 is tried: the free TCP port may be taken for UDP. */
    private static final int PORT_TRIES = 16;

    /**
     * The receive window of a connection from tor to one of its peers that is no client. Unlike that of a session it does not grow:
     * the buffer behind it, half as large again, holds five milliseconds of 100 Mbit/s.
     */
    private static final int STRANGER_WINDOW_BYTES = 42 * 1024;

    private final EventLoop loop;
    private final CarrierTotals totals;
    private final ServerIdentity identity;
    private final LinkConfig config;
    private final SessionAcceptor acceptor;
    private final LinkNetwork network;
    private final JcaTlsCrypto crypto = LinkTls.crypto();
    private final TlsCertificate certificate;
    private final byte[] secret;
    private final PairingRegistry registry;
    private final ServerBounds bounds;
    private final HandshakePace pace;
    private final Measurements measurements;
    private final FrontDoor door;
    /** Where clients are that UDP may be spoken with. */
    private final KnownAddresses clients = new KnownAddresses();

    private final Owner owner = new Owner();
    private final Set<LinkSession> sessions = new HashSet<>();
    private final SamplingRound sampling = new SamplingRound(() -> sessions);
    private final DetachedSessions detached;
    /** The identifier that each session expects, or used last. */
    private final Map<LinkSession, PairingId> identifiers = new HashMap<>();

    private @Nullable Channel tcp;
    private @Nullable Channel utp;
    private boolean closed;

    /** A server on the machine's own network. */
    public LinkServer(
            EventLoop loop,
            CarrierTotals totals,
            ServerIdentity identity,
            LinkConfig config,
            SessionAcceptor acceptor) {
        this(loop, totals, identity, config, acceptor, LinkNetwork.standard());
    }

    public LinkServer(
            EventLoop loop,
            CarrierTotals totals,
            ServerIdentity identity,
            LinkConfig config,
            SessionAcceptor acceptor,
            LinkNetwork network) {
        this.loop = loop;
        this.totals = totals;
        this.identity = identity;
        this.config = config;
        this.acceptor = acceptor;
        this.network = network;
        ServerLimits limits = config.limits();
        this.registry = new PairingRegistry(limits.unmatchedUtp(), limits.unmatchedUtpBytes());
        this.bounds = new ServerBounds(limits, totals.bounds());
        this.pace = new HandshakePace(loop, limits.handshakesPerSecond(), totals.bounds(), Bound.HANDSHAKES);
        this.measurements = new Measurements(loop);
        this.detached = new DetachedSessions(limits.detached(), limits.detachedBytes(), totals.bounds());
        this.secret = identity.bridgeCert().secret();
        this.door = new FrontDoor(
                loop, config.strangers(), secret, webServer(loop, totals, identity, config), new Doorkeeper());
        try {
            this.certificate = crypto.createCertificate(identity.certificate());
        } catch (IOException e) {
            throw new IllegalStateException("the identity's certificate was readable before", e);
        }
    }

    private static WebServer webServer(
            EventLoop loop, CarrierTotals totals, ServerIdentity identity, LinkConfig config) {
        ServerIdentity front = identity.front();
        StrangerConfig strangers = config.strangers();
        // Their own pace: neither they nor the clients are to use up what is for the others.
        HandshakePace strangersPace =
                new HandshakePace(loop, strangers.handshakesPerSecond(), totals.bounds(), Bound.STRANGER_HANDSHAKES);
        return new WebServer(
                front.key(), front.certificate(), strangers.webTimeout(), strangers.clock(), strangersPace::turn);
    }

    /**
     * Listens on TCP and, unless the policy is {@code tls}, on UDP of the same port: both or neither. Port 0 takes a
     * port that is free for both. May be called on any thread, once.
     *
     * @return the address listened on, port filled in; fails with an {@link IOException} that says which of the two it is
     */
    public Future<InetSocketAddress> bind(InetSocketAddress address) {
        Promise<InetSocketAddress> promise = loop.newPromise();
        loop.execute(() -> bind(address, PORT_TRIES, promise));
        return promise;
    }

    private void bind(InetSocketAddress address, int tries, Promise<InetSocketAddress> promise) {
        network.bindTcp(loop, address, new TcpInitializer()).addListener((ChannelFutureListener) tcpDone -> {
            if (!tcpDone.isSuccess()) {
                promise.tryFailure(notBound("TCP", tcpDone.cause()));
                return;
            }
            Channel boundTcp = tcpDone.channel();
            // With the address that was asked for: a wildcard of IPv4 is reported as that of IPv6 by some channels.
            int port = ((InetSocketAddress) boundTcp.localAddress()).getPort();
            InetSocketAddress bound = new InetSocketAddress(address.getAddress(), port);
            if (config.policy() == CarrierPolicy.TLS) {
                listening(boundTcp, null, bound, promise);
                return;
            }
            ChannelFuture utpBind = network.bindUtp(loop, bound, endpoint(), new UtpInitializer());
            utpBind.addListener((ChannelFutureListener) utpDone -> {
                if (utpDone.isSuccess()) {
                    listening(boundTcp, utpDone.channel(), bound, promise);
                    return;
                }
                boundTcp.close().addListener(tcpClosed -> {
                    if (address.getPort() == 0 && tries > 1) {
                        bind(address, tries - 1, promise);
                    } else {
                        promise.tryFailure(notBound("UDP", utpDone.cause()));
                    }
                });
            });
        });
    }

    private static IOException notBound(String which, Throwable cause) {
        return new IOException(which + ": " + cause.getMessage(), cause);
    }

    private EndpointConfig endpoint() {
        SourceFilter sources = config.strangers().anyUdpSource() ? null : SourceFilter.of(clients::contains);
        return EndpointConfig.DEFAULT
                .withMaxHalfOpen(config.limits().halfOpenUtp())
                .withSources(sources)
                .withConnection(config.utp());
    }

    private void listening(
            Channel boundTcp,
            @Nullable Channel boundUtp,
            InetSocketAddress address,
            Promise<InetSocketAddress> promise) {
        tcp = boundTcp;
        utp = boundUtp;
        boundTcp.pipeline().addLast(new AcceptWatch(acceptor::acceptFailed));
        if (boundUtp != null) {
            bounds.watch(loop, boundUtp);
        }
        if (closed) {
            closeListeners();
        }
        promise.trySuccess(address);
    }

    /** Stops listening; sessions go on, but µTP is not paired again. */
    public Future<Void> stopListening() {
        return stop(() -> {});
    }

    /**
     * Stops listening, gives sessions time to deliver what was written, and then does as {@link #close}, with its future.
     *
     * @param limit how long at most
     */
    public Future<Void> drain(Duration limit) {
        Promise<Void> promise = loop.newPromise();
        loop.execute(() -> {
            closed = true;
            closeListeners();
            Drain.start(loop, () -> sessions, limit, () -> close().addListener(done -> promise.setSuccess(null)));
        });
        return promise;
    }

    /** Stops listening and resets all sessions. The future succeeds when that is done; channels close behind it. */
    public Future<Void> close() {
        return stop(() -> {
            for (LinkSession session : new ArrayList<>(sessions)) {
                session.close(CloseReason.SHUT_DOWN, ResetReason.SHUTTING_DOWN);
            }
            bounds.halfOpenChannels().forEach(Channel::close);
            door.close();
            registry.stop();
        });
    }

    private Future<Void> stop(Runnable behind) {
        Promise<Void> promise = loop.newPromise();
        loop.execute(() -> {
            closed = true;
            closeListeners();
            behind.run();
            promise.setSuccess(null);
        });
        return promise;
    }

    private void closeListeners() {
        if (tcp != null) {
            tcp.close();
        }
        if (utp != null) {
            utp.close();
        }
    }

    /** Sessions open now. On the event loop. */
    public int sessionCount() {
        return sessions.size();
    }

    /** Sessions without a carrier now, whose clients may come back. On the event loop. */
    public int detachedCount() {
        return detached.count();
    }

    /** Bytes of heap that all sessions take now, as they count against {@link ServerLimits#memoryBytes}. On the event loop. */
    public long memoryBytes() {
        return bounds.memory().usedBytes();
    }

    /** µTP connections without a session now. On the event loop. */
    public int unmatchedCount() {
        return registry.waitingCount();
    }

    /** What was counted of strangers. On the event loop. */
    public StrangerStats strangerStats() {
        return door.stats();
    }

    /** Addresses that UDP may be spoken with now. On the event loop. */
    int knownAddressCount() {
        return clients.size();
    }

    /** TCP connections of clients without a proof now. On the event loop. */
    public int halfOpenCount() {
        return bounds.halfOpenCount();
    }

    @Override
    public Population population() {
        StrangerStats strangers = door.stats();
        return new Population(
                sessions.size() - detached.count(),
                detached.count(),
                0,
                bounds.halfOpenCount(),
                registry.waitingCount(),
                strangers.present(),
                strangers.decoyFailures());
    }

    @Override
    public void sample(int most, Consumer<PathSample> observer) {
        sampling.sample(most, observer);
    }

    private void refused(Refusal refusal, @Nullable InetSocketAddress from) {
        totals.events().refused(refusal);
        if (refusal == Refusal.UTP_DISPLACED) {
            totals.bounds().hit(Bound.UNMATCHED_UTP);
        }
        if (from != null) {
            acceptor.refused(refusal, from);
        }
    }

    private static @Nullable InetSocketAddress addressOf(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress address ? address : null;
    }

    private final class TcpInitializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (closed) {
                channel.close();
            } else {
                door.accept(channel);
            }
        }
    }

    /** What becomes of a TCP connection when it is known who has opened it. */
    private final class Doorkeeper implements FrontDoor.Host {
        @Override
        public void admit(Channel channel) {
            InetSocketAddress from = addressOf(channel);
            if (from == null || !bounds.open(channel, from)) {
                refused(Refusal.TOO_MANY, from);
                channel.close();
                return;
            }
            addClient(from);
            channel.closeFuture().addListener(gone -> clients.remove(from.getAddress()));
            channel.pipeline()
                    .addLast(pace.turn())
                    .addLast(TlsChannelHandler.server(crypto, identity.key(), certificate, secret))
                    .addLast(new ServerAdmission(config, new Gate()));
        }

        @Override
        public void turnAway(Stranger kind, Channel channel) {
            Refusal refusal = switch (kind) {
                case NO_MARKER -> Refusal.STRANGER;
                case REPLAYED -> Refusal.REPLAY;
                case OVER_BOUND -> Refusal.TOO_MANY_STRANGERS;
            };
            if (kind == Stranger.OVER_BOUND) {
                totals.bounds().hit(Bound.STRANGERS);
            }
            refused(refusal, addressOf(channel));
        }

        @Override
        public void decoyUnreachable(long times) {
            acceptor.decoyUnreachable(times);
        }

        @Override
        public Object origin(Channel channel) {
            return AddressGroup.of(addressOf(channel));
        }

        @Override
        public Bootstrap toOrPort() {
            return LocalSockets.dialling(loop, new Bootstrap(), STRANGER_WINDOW_BYTES);
        }
    }

    /** UDP may be spoken with this address, as long as what it is known by is there. */
    private void addClient(InetSocketAddress client) {
        InetAddress address = client.getAddress();
        if (clients.add(address) && utp instanceof UtpServerChannel listening) {
            listening.sourceKnown(KnownAddresses.normalised(address));
        }
    }

    private final class UtpInitializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline()
                    .addLast(new PairingHandler(
                            registry, config, (ctx, refusal) -> refused(refusal, addressOf(ctx.channel()))));
        }
    }

    private final class Gate implements ServerAdmission.Gate {
        @Override
        public boolean admit(ChannelHandlerContext ctx, Hello hello, LinkKeys keys) {
            InetSocketAddress from = addressOf(ctx.channel());
            if (closed || from == null) {
                refused(Refusal.TOO_MANY, from);
                ctx.close();
                return false;
            }
            boolean hasRoom = bounds.mayOpenSession(from);
            if (!hasRoom || (hello.measure() && !measurements.mayBegin())) {
                refused(hasRoom ? Refusal.MEASURED_JUST_NOW : Refusal.TOO_MANY, from);
                ByteBuf reset = ctx.alloc().heapBuffer(16);
                Frames.writeReset(reset, ResetReason.OVERLOADED.code());
                ctx.write(reset);
                // The client's first bytes are under way already, and must not meet a closed socket.
                CarrierChannel.closeInOrder(ctx, config.closeTimeout());
                return false;
            }
            CarrierPolicy policy = config.policy() == CarrierPolicy.TLS ? CarrierPolicy.TLS : hello.policy();
            LinkConfig own = hello.measure() ? config.withDetachedTimeout(Measurements.DETACHED) : config;
            LinkSession session = new LinkSession(loop, false, policy, own, totals, from, keys, owner, bounds.memory());
            sessions.add(session);
            bounds.sessionOpened(session, from);
            detached.add(session);
            // It may outlive this connection, and dial UDP again.
            addClient(from);
            CarrierChannel carrier = new CarrierChannel(CarrierKind.TLS, session);
            ctx.pipeline().addLast(carrier);
            ByteBuf welcome = ctx.alloc().heapBuffer(32);
            new Welcome(session.resumePoint().limit()).write(welcome);
            ctx.writeAndFlush(welcome);
            session.listen(hello.measure() ? measurements.begin(session) : acceptor.accepted(session));
            session.attach(carrier, 0);
            session.handleLimit(hello.limit());
            if (policy != CarrierPolicy.TLS && session.closeReason() == null) {
                owner.expectPairing(session, 0);
            }
            return true;
        }

        @Override
        public void resume(ChannelHandlerContext ctx, Resume resume, LinkKeys fresh) {
            InetSocketAddress from = addressOf(ctx.channel());
            LinkSession session = detached.find(resume.id());
            boolean proved = session != null && resume.proves(session.keys(), fresh);
            fresh.destroy();
            if (session == null || !proved) {
                // One answer for both: who does not know the session's secret learns nothing of its identifier.
                refused(Refusal.UNKNOWN_SESSION, from);
                writeResumed(ctx, null);
                ctx.close();
            } else if (from == null || !session.takeResume(resume.counter())) {
                refused(Refusal.STALE_RESUME, from);
                ctx.close();
            } else {
                attach(ctx, session, resume.point(), from);
            }
        }

        private void attach(ChannelHandlerContext ctx, LinkSession session, ResumePoint point, InetSocketAddress from) {
            CarrierChannel carrier = new CarrierChannel(CarrierKind.TLS, session);
            ctx.pipeline().addLast(carrier);
            try {
                session.resume(carrier, point, own -> writeResumed(ctx, own));
                if (session.closeReason() == null) {
                    addClient(from);
                    clients.remove(session.remoteAddress().getAddress());
                    session.moved(from);
                }
            } catch (MalformedFrameException e) {
                refused(Refusal.BAD_HELLO, from);
                ctx.close();
            }
        }

        private void writeResumed(ChannelHandlerContext ctx, @Nullable ResumePoint point) {
            ByteBuf answer = ctx.alloc().heapBuffer(32);
            new Resumed(point).write(answer);
            ctx.writeAndFlush(answer);
        }

        @Override
        public void refused(Refusal refusal, @Nullable InetSocketAddress from) {
            LinkServer.this.refused(refusal, from);
        }

        @Override
        public void decided(Channel channel) {
            bounds.decided(channel);
        }
    }

    /** What the server does for its sessions. */
    private final class Owner implements LinkSession.Owner {
        @Override
        public void dialUtp(LinkSession session) {
            throw new IllegalStateException("a server does not dial");
        }

        @Override
        public void cancelUtpDial(LinkSession session) {
            throw new IllegalStateException("a server does not dial");
        }

        @Override
        public void utpWorks(LinkSession session) {
            // A client's matter.
        }

        @Override
        public void expectPairing(LinkSession session, int attempt) {
            PairingId id = session.keys().pairingId(attempt);
            PairingId last = identifiers.put(session, id);
            if (last != null) {
                registry.forget(last);
            }
            registry.expect(id, new PairingRegistry.Expected(session, attempt));
        }

        @Override
        public void closed(LinkSession session) {
            PairingId last = identifiers.remove(session);
            if (last != null) {
                registry.forget(last);
            }
            if (sessions.remove(session)) {
                clients.remove(session.remoteAddress().getAddress());
            }
            bounds.sessionClosed(session);
            detached.remove(session);
        }

        @Override
        public void grew(LinkSession session) {
            bounds.makeRoom();
        }

        @Override
        public void dialTls(LinkSession session, long connectNanos) {
            throw new IllegalStateException("a server does not dial");
        }

        @Override
        public void cancelTlsDial(LinkSession session) {
            throw new IllegalStateException("a server does not dial");
        }

        @Override
        public long jitterNanos(long most) {
            return 0;
        }

        @Override
        public void detached(LinkSession session, boolean now) {
            if (now) {
                detached.detach(session);
            } else {
                detached.attach(session);
            }
        }
    }
}
