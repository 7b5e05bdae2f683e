package dev.tandem.utp.paired;

import dev.tandem.utp.paired.LinkException.Reason;
import dev.tandem.utp.paired.admission.FirstFrameHandler;
import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.admission.Welcome;
import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/** One session of a client, from the dial to its end: TCP, TLS, HELLO and WELCOME, and every later dial of TLS and µTP. */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class ClientDial implements LinkSession.Owner {
    /** Where µTP is known to be blocked, a session asks for it so long after its start. */
    private static final long FIRST_PROBE_SECONDS = 5;
    /** A dial that is put off is put off by up to this part longer. */
    private static final int PROBE_SPREAD = 4;

    private final EventLoop loop;
    private final LinkNetwork network;
    private final CarrierTotals totals;
    private final JcaTlsCrypto crypto;
    private final InetSocketAddress bridge;
    private final BridgeCert cert;
    private final LinkConfig config;
    private final UtpPath path;
    private final RandomGenerator random;
    private final SessionListener listener;
    private final Promise<Session> promise;
    private final Runnable whenOver;

    private final boolean measure;

    private @Nullable Channel tcp;
    private @Nullable UtpDial utp;
    private @Nullable TlsRedial tlsRedial;
    private @Nullable LinkSession session;
    private @Nullable Future<?> stepTimer;

    ClientDial(
            EventLoop loop,
            LinkNetwork network,
            CarrierTotals totals,
            PathMemory memory,
            RandomGenerator random,
            JcaTlsCrypto crypto,
            InetSocketAddress bridge,
            BridgeCert cert,
            LinkConfig config,
            boolean measure,
            SessionListener listener,
            Promise<Session> promise,
            Runnable whenOver) {
        this.loop = loop;
        this.network = network;
        this.totals = totals;
        this.crypto = crypto;
        this.bridge = bridge;
        this.cert = cert;
        this.config = config;
        this.measure = measure;
        this.listener = listener;
        this.promise = promise;
        this.random = random;
        this.path = new UtpPath(memory, network, local(), bridge);
        this.whenOver = whenOver;
    }

    void start() {
        if (!promise.setUncancellable()) {
            whenOver.run();
            return;
        }
        if (bridge.isUnresolved()) {
            fail(new LinkException(Reason.FAILED, "the bridge's address is not resolved"));
            return;
        }
        int timeoutMillis =
                (int) Math.min(Integer.MAX_VALUE, config.tcpConnectTimeout().toMillis());
        ChannelFuture connecting =
                network.connectTcp(loop, local(), bridge, timeoutMillis, new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(newTls()).addLast(new Setup());
                    }
                });
        if (connecting.cause() != null) {
            // There was no socket to be had: nothing can be closed, and listeners would be called on another thread.
            fail(LinkException.of(connecting.cause()));
            return;
        }
        tcp = connecting.channel();
        connecting.addListener((ChannelFutureListener) done -> {
            if (!done.isSuccess()) {
                fail(LinkException.of(done.cause()));
            }
        });
        if (promise.isDone()) {
            return;
        }
        if (config.policy() == CarrierPolicy.UTP || (config.policy() == CarrierPolicy.AUTO && !path.isBlocked())) {
            path.dial(now());
            dialUtp();
        }
    }

    private long now() {
        return loop.ticker().nanoTime();
    }

    private TlsChannelHandler newTls() {
        return TlsChannelHandler.client(crypto, cert, config.strangers().clock());
    }

    private @Nullable InetSocketAddress local() {
        @Nullable InetAddress remote = bridge.getAddress();
        if (remote == null || remote.isLoopbackAddress()) {
            return null;
        }
        InetAddress local = remote.getAddress().length == 4 ? config.outboundBindV4() : config.outboundBindV6();
        return local == null ? null : new InetSocketAddress(local, 0);
    }

    private UtpDial dialUtp() {
        UtpDial dial = new UtpDial(() -> {
            totals.events().pairingFailed(PairingFailure.UNANSWERED);
            path.handleFailed(session);
        });
        utp = dial;
        dial.start(network, loop, local(), bridge, config.utp());
        return dial;
    }

    /** Null before TLS is up. */
    @Nullable
    LinkSession session() {
        return session;
    }

    /** Ends the dial or the session, whichever it is. */
    void shutDown() {
        if (session != null) {
            session.close(CloseReason.SHUT_DOWN, ResetReason.SHUTTING_DOWN);
        } else {
            fail(new LinkException(Reason.CANCELLED));
        }
    }

    private void fail(LinkException cause) {
        if (promise.isDone()) {
            return;
        }
        setStep(null, () -> {});
        if (utp != null) {
            utp.cancel();
        }
        if (tcp != null) {
            tcp.close();
        }
        totals.events().dialFailed(cause.reason());
        promise.tryFailure(cause);
        whenOver.run();
    }

    /** Starts the deadline of the next step of the set-up, in place of the last one's. */
    private void setStep(@Nullable Duration timeout, Runnable whenLate) {
        if (stepTimer != null) {
            stepTimer.cancel(false);
            stepTimer = null;
        }
        if (timeout != null) {
            stepTimer = loop.schedule(whenLate, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void handleTlsUp(ChannelHandlerContext ctx, TlsChannelHandler.Up up) {
        LinkSession made = new LinkSession(loop, true, config.policy(), config, totals, bridge, up.keys(), this);
        session = made;
        made.listen(listener);
        CarrierChannel carrier = new CarrierChannel(CarrierKind.TLS, made);
        ctx.pipeline().addLast(new WelcomeHandler(made)).addLast(carrier);
        ByteBuf hello = ctx.alloc().heapBuffer(64);
        new Hello(config.policy(), config.receiveBytes(), up.keys().proof(), measure).write(hello);
        ctx.write(hello);
        ctx.pipeline().remove(ctx.name());
        made.attach(carrier, 0);
        setStep(config.helloTimeout(), () -> {
            // Admitted by a RESUMED, perhaps, after the connection that WELCOME was to come on had died.
            if (!made.isAdmitted()) {
                made.close(CloseReason.ADMISSION_TIMEOUT, ResetReason.UNSPECIFIED);
            }
        });
        // What the user writes now is flushed together with the proof and the end of the handshake.
        promise.setSuccess(made);
        if (utp != null) {
            utp.use(made);
        } else if (config.policy() == CarrierPolicy.AUTO) {
            // The session works without it. Then it may be asked whether UDP has come back.
            postponeUtp(made, FIRST_PROBE_SECONDS);
        }
    }

    /** Not all sessions at once: they may have been waiting for the same. */
    private void postponeUtp(LinkSession owner, long seconds) {
        long nanos = TimeUnit.SECONDS.toNanos(seconds);
        owner.postponeUtpDial(nanos + jitterNanos(nanos / PROBE_SPREAD));
    }

    // For the session.

    @Override
    public void dialUtp(LinkSession owner) {
        if (config.policy() == CarrierPolicy.UTP) {
            path.dial(now());
        } else {
            long wait = path.takeDial(now());
            if (wait > 0) {
                postponeUtp(owner, wait);
                return;
            }
        }
        totals.events().redialled(CarrierKind.UTP);
        dialUtp().use(owner);
    }

    @Override
    public void utpWorks(LinkSession owner) {
        path.handleWorks();
    }

    @Override
    public void cancelUtpDial(LinkSession owner) {
        // Else it makes way for another one.
        if (path.sinceDialNanos(now()) >= config.pairingTimeout().toNanos() / 4 * 3) {
            totals.events().pairingFailed(PairingFailure.TIMEOUT);
            path.handleFailed(owner);
        }
        if (utp != null) {
            utp.cancel();
        }
    }

    @Override
    public void expectPairing(LinkSession owner, int attempt) {
        throw new IllegalStateException("a client is not paired with");
    }

    @Override
    public void dialTls(LinkSession owner, long connectNanos) {
        totals.events().redialled(CarrierKind.TLS);
        TlsRedial dial = new TlsRedial(owner);
        tlsRedial = dial;
        long timeout = Math.min(connectNanos, config.tcpConnectTimeout().toNanos());
        int timeoutMillis = (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(timeout));
        dial.start(network, loop, local(), bridge, timeoutMillis, this::newTls);
    }

    @Override
    public void cancelTlsDial(LinkSession owner) {
        if (tlsRedial != null) {
            tlsRedial.cancel();
        }
    }

    @Override
    public long jitterNanos(long most) {
        return random.nextLong(most + 1);
    }

    @Override
    public void detached(LinkSession owner, boolean now) {
        // The session dials by itself.
    }

    @Override
    public void closed(LinkSession owner) {
        setStep(null, () -> {});
        cancelTlsDial(owner);
        if (utp != null) {
            utp.cancel();
        }
        whenOver.run();
    }

    /** Watches TCP and TLS until there is a session. */
    private final class Setup extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            setStep(config.tlsTimeout(), () -> fail(new LinkException(Reason.TIMEOUT, "TLS handshake")));
            ctx.fireChannelActive();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof TlsChannelHandler.Up up) {
                handleTlsUp(ctx, up);
            } else if (event instanceof TlsChannelHandler.Failed failed) {
                fail(
                        failed.pinWrong()
                                ? LinkException.wrongPin(failed.otherPin())
                                : new LinkException(Reason.NOT_OUR_SERVER, failed.detail()));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            fail(LinkException.of(cause));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            fail(new LinkException(Reason.RESET, "closed during the TLS handshake"));
        }
    }

    /** Takes the server's answer to the proof. */
    private final class WelcomeHandler extends FirstFrameHandler {
        private final LinkSession made;

        WelcomeHandler(LinkSession made) {
            this.made = made;
        }

        @Override
        protected void handleFirst(ChannelHandlerContext ctx, int type, ByteBuf body) throws MalformedFrameException {
            ResetReason refusal = Welcome.readRefusal(type, body);
            if (refusal != null) {
                boolean full = refusal == ResetReason.OVERLOADED;
                made.close(full ? CloseReason.OVERLOADED : CloseReason.NOT_ADMITTED, null);
                return;
            }
            Welcome welcome = Welcome.read(type, body);
            setStep(null, () -> {});
            made.handleLimit(welcome.limit());
            // What became of µTP may be known before.
            path.judge(made);
        }

        @Override
        protected void handleMalformed(ChannelHandlerContext ctx, String detail) {
            made.close(CloseReason.BAD_ANSWER, null);
        }
    }
}
