package dev.tandem.server;

import dev.tandem.metrics.LiveLine;
import dev.tandem.metrics.MetricsAddress;
import dev.tandem.metrics.Program;
import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.netty.UdpBuffers;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkServer;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionAcceptor;
import dev.tandem.utp.paired.SessionListener;
import dev.tandem.utp.paired.SessionRelay;
import dev.tandem.utp.paired.WarmUp;
import dev.tandem.utp.paired.strangers.Decoy;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The bridge's listener and its sessions, all on one event loop. */
final class ServerProxy implements AutoCloseable {
    private static final String COUNTERS_FILE = "carriers.json";
    private static final int STOP_SECONDS = 2;
    /** How long sessions may take to deliver what was written: tor does not wait for its proxies. */
    private static final Duration DRAIN_LIMIT = Duration.ofMillis(2_500);

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final EventLoop loop = group.next();
    private final CarrierTotals totals = new CarrierTotals();
    private final LinkServer server;
    private final LinkConfig config;
    private final Upstream upstream;
    private final ProxyLog log;

    ServerProxy(ServerIdentity identity, LinkConfig config, Upstream upstream, ProxyLog log) {
        this.config = config;
        this.upstream = upstream;
        this.log = log;
        this.server = new LinkServer(loop, totals, identity, config, new Acceptor());
        UdpBuffers.shortage().ifPresent(log::warning);
    }

    /** Keeps the counters in a file of that folder. Close it before this object. */
    PublishedFile publishCounters(StateFolder folder) {
        return new PublishedFile(folder, COUNTERS_FILE, () -> totals.snapshot().toJson(), log);
    }

    /**
     * Listens on TCP and µTP.
     *
     * @return the address listened on, with its port
     * @throws IOException if either cannot be bound, with a single line
     */
    InetSocketAddress listen(InetSocketAddress address) throws IOException {
        Future<InetSocketAddress> bound = server.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen: " + bound.cause().getMessage(), bound.cause());
        }
        return bound.getNow();
    }

    /**
     * Makes sure that strangers are not sent in a circle.
     *
     * @param listening what {@link #listen} returned
     * @return the same
     * @throws IOException if the decoy is this bridge, with a single line
     */
    InetSocketAddress requireOtherDecoy(InetSocketAddress listening) throws IOException {
        Decoy decoy = config.strangers().decoy();
        if (decoy != null && isSame(decoy.address(), listening)) {
            throw new IOException("the decoy is this bridge itself; it must be another server");
        }
        return listening;
    }

    /** Whether who connects to the first reaches the second. */
    private static boolean isSame(InetSocketAddress target, InetSocketAddress listening) throws IOException {
        if (target.getPort() != listening.getPort()) {
            return false;
        }
        boolean everywhere = listening.getAddress().isAnyLocalAddress();
        boolean local = target.getAddress().isAnyLocalAddress()
                || NetworkInterface.getByInetAddress(target.getAddress()) != null;
        return target.getAddress().equals(listening.getAddress()) || (everywhere && local);
    }

    /** Loads on another thread what the first connections would otherwise wait for, once listening. */
    void warmUp() {
        WarmUp.startServer(config.strangers().decoy() == null);
    }

    /**
     * Shows metrics until it is closed, which is to be before this object. Once tor knows that the proxy is ready.
     *
     * @throws IOException if the address cannot be had, with a single line
     */
    ProxyMetrics showMetrics(MetricsAddress address) throws IOException {
        Program program = new Program("server-pt", ServerMain.version(), false);
        return ProxyMetrics.show(address, program, loop, totals, server);
    }

    /**
     * The same for a program that ends if it cannot have it; null for nowhere.
     *
     * @throws ExitException if the address cannot be had, with a single line
     */
    @Nullable
    ProxyMetrics showMetricsIfAsked(@Nullable MetricsAddress address) throws ExitException {
        try {
            return address == null ? null : showMetrics(address);
        } catch (IOException e) {
            throw new ExitException(ExitCode.CANNOT_BIND, e);
        }
    }

    /** Shows how the proxy fares on the terminal that standard error is, until it is closed, which is to be before this object. */
    LiveLine showLive() {
        return LiveLine.show(false, loop, totals, server);
    }

    /** Takes nothing new, and gives sessions a moment to deliver what was written; then they are reset. */
    void drain() {
        server.drain(DRAIN_LIMIT).awaitUninterruptibly(DRAIN_LIMIT.toMillis() + 500, TimeUnit.MILLISECONDS);
    }

    /** Ends all sessions and stops. */
    @Override
    public void close() {
        server.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    }

    private final class Acceptor implements SessionAcceptor {
        @Override
        public SessionListener accepted(Session session) {
            SessionRelay relay = new SessionRelay(new Journal());
            upstream.connect(loop, session.remoteAddress(), relay).addListener(connected -> {
                if (connected.isSuccess()) {
                    relay.join(session);
                } else {
                    log.warning("cannot hand a session on: " + connected.cause().getMessage());
                    session.reset(ResetReason.UPSTREAM_UNREACHABLE);
                }
            });
            return relay;
        }

        @Override
        public void decoyUnreachable(long times) {
            boolean orPort = config.strangers().orPort();
            log.warning((orPort ? "the ORPort" : "the decoy") + " cannot be reached (" + times
                    + " times since this was said last); strangers "
                    + (orPort ? "are refused" : "meet a small web server instead"));
        }

        @Override
        public void acceptFailed(long times) {
            log.warning("TCP connections cannot be accepted (" + times
                    + " times since this was said last); are there too few file descriptors (ulimit -n)?");
        }

        @Override
        public void refused(Refusal refusal, InetSocketAddress from) {
            // Before an ORPort they are tor's peers, and welcome.
            if (refusal != Refusal.STRANGER || !config.strangers().orPort()) {
                log.info("turned away: " + refusal.text());
            }
        }
    }

    /** The lines in the log that a session leaves. */
    private final class Journal implements SessionRelay.Observer {
        @Override
        public void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
            log.info("sending on " + (to == null ? "nothing" : to) + " now: " + cause);
        }

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            log.info("session ended: " + detail + "; " + session.stats().summary());
        }
    }
}
