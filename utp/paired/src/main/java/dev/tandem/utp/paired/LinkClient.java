package dev.tandem.utp.paired;

import dev.tandem.utp.paired.measure.Measurements;
import dev.tandem.utp.paired.measure.RateFlow;
import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.tls.LinkTls;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;

/** Dials sessions to bridges. Everything runs on one event loop. */
public final class LinkClient implements LinkView {
    private final EventLoop loop;
    private final CarrierTotals totals;
    private final LinkNetwork network;
    private final PathMemory memory;
    private final RandomGenerator random;
    private final JcaTlsCrypto crypto = LinkTls.crypto();
    private final Set<ClientDial> dials = new HashSet<>();
    private final SamplingRound sampling = new SamplingRound(this::sessions);
    private boolean closed;

    /** A client on the machine's own network. */
    public LinkClient(EventLoop loop, CarrierTotals totals) {
        this(loop, totals, new PathMemory(InstantSource.system(), new SecureRandom()));
    }

    /**
     * A client on the machine's own network.
     *
     * @param memory what earlier sessions learned of networks, and where these ones put it
     */
    public LinkClient(EventLoop loop, CarrierTotals totals, PathMemory memory) {
        this(loop, totals, LinkNetwork.standard(), memory, new SplittableRandom());
    }

    /** @param random spreads dials in time; no secret comes from it */
    public LinkClient(
            EventLoop loop, CarrierTotals totals, LinkNetwork network, PathMemory memory, RandomGenerator random) {
        this.loop = loop;
        this.totals = totals;
        this.network = network;
        this.memory = memory;
        this.random = random;
    }

    /**
     * Dials TCP, and µTP at the same time unless the policy is {@code tls}. May be called on any thread.
     *
     * <p>The future succeeds when TLS is up and the pin is verified: bytes written by its listeners leave in the same
     * flight as the proof of the bridge's secret. What fails later closes the session. It fails with a
     * {@link LinkException}. It cannot be cancelled once the dial has started: reset the session instead.
     *
     * @param bridge the bridge's TCP and UDP address, resolved
     * @param cert what {@code cert=} in the bridge line said
     * @param listener who hears of the session; not called before the future has succeeded
     */
    public Future<Session> dial(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, SessionListener listener) {
        return dial(bridge, cert, config, false, listener);
    }

    /**
     * Dials a session, as {@link #dial}, that leads to nothing behind the bridge: it is there for a {@link RateFlow}. A bridge that has
     * measured just now refuses it ({@link CloseReason#OVERLOADED}), and one that cannot measure does not admit it
     * ({@link CloseReason#NOT_ADMITTED}).
     */
    public Future<Session> measure(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, SessionListener listener) {
        return dial(bridge, cert, config.withDetachedTimeout(Measurements.DETACHED), true, listener);
    }

    private Future<Session> dial(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, boolean measure, SessionListener listener) {
        Promise<Session> promise = loop.newPromise();
        if (loop.inEventLoop()) {
            start(bridge, cert, config, measure, listener, promise);
        } else {
            loop.execute(() -> start(bridge, cert, config, measure, listener, promise));
        }
        return promise;
    }

    private void start(
            InetSocketAddress bridge,
            BridgeCert cert,
            LinkConfig config,
            boolean measure,
            SessionListener listener,
            Promise<Session> promise) {
        if (closed) {
            promise.tryFailure(new LinkException(LinkException.Reason.CANCELLED));
            return;
        }
        ClientDial[] self = new ClientDial[1];
        ClientDial dial = new ClientDial(
                loop,
                network,
                totals,
                memory,
                random,
                crypto,
                bridge,
                cert,
                config,
                measure,
                listener,
                promise,
                () -> dials.remove(self[0]));
        self[0] = dial;
        dials.add(dial);
        dial.start();
    }

    /**
     * Takes no new dials and fails those under way, gives sessions time to deliver what was written, and then does as
     * {@link #close}, with its future.
     *
     * @param limit how long at most
     */
    public Future<Void> drain(Duration limit) {
        Promise<Void> promise = loop.newPromise();
        loop.execute(() -> {
            closed = true;
            new ArrayList<>(dials)
                    .stream().filter(dial -> dial.session() == null).forEach(ClientDial::shutDown);
            Drain.start(loop, this::sessions, limit, () -> close().addListener(done -> promise.setSuccess(null)));
        });
        return promise;
    }

    private List<LinkSession> sessions() {
        return dials.stream().flatMap(dial -> Stream.ofNullable(dial.session())).toList();
    }

    @Override
    public Population population() {
        List<LinkSession> sessions = sessions();
        int detached = (int) sessions.stream().filter(LinkSession::isDetached).count();
        int dialling = dials.size() - sessions.size();
        return new Population(sessions.size() - detached, detached, dialling, 0, 0, 0, 0);
    }

    @Override
    public void sample(int most, Consumer<PathSample> observer) {
        sampling.sample(most, observer);
    }

    /** Dials under way and sessions now. On the event loop. */
    int dialCount() {
        return dials.size();
    }

    /** Resets all sessions and fails all dials. The future succeeds when that is done; channels close behind it. */
    public Future<Void> close() {
        Promise<Void> promise = loop.newPromise();
        loop.execute(() -> {
            closed = true;
            new ArrayList<>(dials).forEach(ClientDial::shutDown);
            promise.setSuccess(null);
        });
        return promise;
    }
}
