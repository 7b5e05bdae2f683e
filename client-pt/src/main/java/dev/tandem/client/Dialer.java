package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.TransportStatus;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionRelay;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes one session for one connection of tor's, or of whoever uses the standalone client, and logs its life. */
final class Dialer {
    /** What to do with the connection that waits for the session. */
    interface Waiting {
        /** The dial begins. */
        default void begin(SessionRelay relay) {}

        /**
         * The session is up: put the relay at the end of the connection's pipeline.
         *
         * @return whether it is there; if not, the connection is gone
         */
        boolean install(SessionRelay relay);

        /** There is no session. The cause is a {@code LinkException}. */
        void failed(Throwable cause);
    }

    /** Each step of the set-up, with a bridge behind which there is another to ask. */
    private static final Duration IMPATIENCE = Duration.ofSeconds(8);

    private final EventLoop loop;
    private final LinkClient client;
    private final LinkConfig config;
    private final boolean udp;
    private final ProxyLog log;
    private final @Nullable TransportStatus status;
    private final SessionJournal journal;

    /**
     * Makes one.
     *
     * @param loop the client's own
     * @param udp whether there is UDP; otherwise sessions are of TLS alone
     */
    Dialer(
            EventLoop loop,
            LinkClient client,
            LinkConfig config,
            boolean udp,
            ProxyLog log,
            @Nullable TransportStatus status) {
        this.loop = loop;
        this.client = client;
        this.config = config;
        this.udp = udp;
        this.log = log;
        this.status = status;
        this.journal = new SessionJournal(log, status);
    }

    /** Dials; on the event loop of the connection, which is the client's own. */
    void dial(InetSocketAddress bridge, ClientArguments arguments, Channel connection, Waiting waiting) {
        SessionRelay relay = new SessionRelay(journal);
        waiting.begin(relay);
        Future<Session> dial = start(bridge, arguments, config, relay);
        // Nobody waits for the session any more: whatever stage the dial is in, it ends.
        connection.closeFuture().addListener(closed -> dial.cancel(false));
        dial.addListener((Future<Session> done) -> {
            if (!done.isSuccess()) {
                fail(waiting, done.cause());
                return;
            }
            if (status != null) {
                status.connected();
            }
            join(done.getNow(), relay, waiting);
        });
    }

    /** The same with the first of several bridges that takes the session; with one alone, what was read goes out with its proof. */
    void dial(List<KnownBridge> bridges, ClientOptions options, Channel connection, Waiting waiting) {
        if (bridges.size() == 1) {
            KnownBridge bridge = bridges.get(0);
            dial(bridge.address(), bridge.arguments().with(options), connection, waiting);
            return;
        }
        SessionRelay[] relay = new SessionRelay[1];
        BridgeSearch search = search(bridges, options, new BridgeSearch.Waiting() {
            @Override
            public void found(Session session) {
                join(session, relay[0], waiting);
            }

            @Override
            public void failed(IOException cause, boolean refused) {
                log.warning("no session: none of " + bridges.size() + " bridges has taken one");
                waiting.failed(cause);
            }
        });
        relay[0] = search.relay();
        waiting.begin(relay[0]);
        connection.closeFuture().addListener(closed -> search.abandon());
        search.start();
    }

    /** Asks bridges whether they would take a session. Any thread. */
    Future<BridgeAnswer> ask(List<KnownBridge> bridges, ClientOptions options) {
        Promise<BridgeAnswer> promise = loop.newPromise();
        loop.execute(() -> search(bridges, options, new BridgeSearch.Waiting() {
                    @Override
                    public void found(Session session) {
                        session.reset(ResetReason.USER_CLOSED);
                        promise.setSuccess(BridgeAnswer.TAKEN);
                    }

                    @Override
                    public void failed(IOException cause, boolean refused) {
                        promise.setSuccess(refused ? BridgeAnswer.REFUSED : BridgeAnswer.NONE);
                    }
                })
                .start());
        return promise;
    }

    private BridgeSearch search(List<KnownBridge> bridges, ClientOptions options, BridgeSearch.Waiting waiting) {
        return new BridgeSearch(this, loop, log, journal, bridges, options, waiting);
    }

    /** For a search. */
    Future<Session> start(KnownBridge bridge, ClientOptions options, boolean inHaste, SessionRelay relay) {
        LinkConfig patience =
                inHaste ? config.withTimeouts(IMPATIENCE, IMPATIENCE, IMPATIENCE, config.pairingTimeout()) : config;
        return start(bridge.address(), bridge.arguments().with(options), patience, relay);
    }

    private Future<Session> start(
            InetSocketAddress bridge, ClientArguments arguments, LinkConfig base, SessionRelay relay) {
        CarrierPolicy policy = arguments.options().policy();
        if (!udp && policy == CarrierPolicy.UTP) {
            return loop.newFailedFuture(
                    new LinkException(LinkException.Reason.PROXY, "carrier=utp, but it takes TCP only"));
        }
        LinkConfig wanted = arguments.options().applyTo(base).withPolicy(udp ? policy : CarrierPolicy.TLS);
        return client.dial(bridge, arguments.cert(), wanted, relay);
    }

    private static void join(Session session, SessionRelay relay, Waiting waiting) {
        if (waiting.install(relay)) {
            relay.join(session);
        } else {
            session.reset(ResetReason.USER_CLOSED);
        }
    }

    private void fail(Waiting waiting, Throwable cause) {
        log.warning("no session with the bridge: " + cause.getMessage());
        if (status != null) {
            status.failed(String.valueOf(cause.getMessage()));
        }
        waiting.failed(cause);
    }
}
