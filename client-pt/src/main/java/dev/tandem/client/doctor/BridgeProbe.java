package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LinkNetwork;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.memory.PathMemory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a session with a bridge, and tells of each step. It sends no payload: what the bridge forwards to, tor for one, has not asked for
 * any. Rates are measured over a second session, which leads to nothing behind the bridge.
 */
public final class BridgeProbe {
    private static final int STOP_SECONDS = 2;

    private final InetSocketAddress bridge;
    private final BridgeCert cert;
    private final LinkConfig config;
    private final Way way;
    private final boolean needsUtp;
    private final boolean measure;
    private final Patience patience;

    /**
     * How connections leave this machine.
     *
     * @param network the machine's own, or one behind a proxy
     * @param proxied whether it is the latter
     * @param takesUdp whether µTP can be dialled at all
     */
    public record Way(LinkNetwork network, boolean proxied, boolean takesUdp) {
        /** The machine's own network. */
        public static final Way DIRECT = new Way(LinkNetwork.standard(), false, true);
    }

    /**
     * How long it waits.
     *
     * @param utp for µTP to be paired
     * @param refusal for a refusal of UDP, once µTP has been silent for so long
     * @param look for what a stranger sees
     * @param settle with a session that is up, for what the bridge says next
     */
    public record Patience(Duration utp, Duration refusal, Duration look, Duration settle) {
        /** 10, 1.5, 8 and 1 s. */
        public static final Patience DEFAULT = new Patience(
                Duration.ofSeconds(10), Duration.ofMillis(1_500), Duration.ofSeconds(8), Duration.ofSeconds(1));
    }

    /**
     * @param config with the policy that the bridge line asks for; the deadlines of the set-up are its own
     * @param measure whether rates are to be measured
     */
    public BridgeProbe(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, Way way, boolean measure, Patience patience) {
        this.bridge = bridge;
        this.cert = cert;
        this.needsUtp = config.policy() == CarrierPolicy.UTP;
        this.config = way.takesUdp() ? config : config.withPolicy(CarrierPolicy.TLS);
        this.way = way;
        this.measure = measure;
        this.patience = patience;
    }

    /** Runs it, whose times are those of loading classes if nobody has done that before; findings are told as they come, on this thread, which waits for them. */
    public void run(Consumer<Finding> findings) throws InterruptedException {
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        EventLoop loop = group.next();
        // Both dials' own: where UDP is blocked, the second one knows.
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        ProbeNetwork network = new ProbeNetwork(way.network());
        LinkClient client = newClient(loop, network, memory);
        try {
            new Run(loop, network, memory, findings).run(client);
        } finally {
            close(client);
            group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        }
    }

    static LinkClient newClient(EventLoop loop, ProbeNetwork network, PathMemory memory) {
        return new LinkClient(loop, new CarrierTotals(), network, memory, new SplittableRandom());
    }

    static void close(LinkClient client) {
        client.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until one of them is there; false if neither is in so long. */
    static boolean await(CompletableFuture<?> one, CompletableFuture<?> other, Duration limit)
            throws InterruptedException {
        try {
            CompletableFuture.anyOf(one, other).get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return false;
        }
        return true;
    }

    /** For the answer to the proof: the session has a deadline of its own for it. */
    static Duration admissionLimit(LinkConfig config) {
        return config.helloTimeout().plusSeconds(5);
    }

    private @Nullable InetAddress localAddress() {
        InetAddress remote = bridge.getAddress();
        if (remote.isLoopbackAddress()) {
            return null;
        }
        return remote.getAddress().length == 4 ? config.outboundBindV4() : config.outboundBindV6();
    }

    static String millis(long nanos) {
        String form = nanos < 1_000_000 ? "%.2f ms" : nanos < 10_000_000 ? "%.1f ms" : "%.0f ms";
        return String.format(Locale.ROOT, form, nanos / 1e6);
    }

    /** One dial, and that of a measurement behind it. */
    private final class Run {
        private final EventLoop loop;
        private final ProbeNetwork network;
        private final PathMemory memory;
        private final Consumer<Finding> findings;
        private final Watch watch = new Watch();
        /** When TLS was up. Written on the event loop before the dial's future succeeds for this thread. */
        private volatile long tlsNanos;

        Run(EventLoop loop, ProbeNetwork network, PathMemory memory, Consumer<Finding> findings) {
            this.loop = loop;
            this.network = network;
            this.memory = memory;
            this.findings = findings;
        }

        void run(LinkClient client) throws InterruptedException {
            Future<Session> dial = client.dial(bridge, cert, config, watch);
            CompletableFuture<Session> up = new CompletableFuture<>();
            dial.addListener((Future<Session> done) -> {
                if (done.isSuccess()) {
                    tlsNanos = System.nanoTime();
                    done.getNow().autoRead(true);
                    up.complete(done.getNow());
                } else {
                    up.completeExceptionally(done.cause());
                }
            });
            Session session;
            try {
                session = up.get();
            } catch (ExecutionException e) {
                tellFailure(LinkException.of(e.getCause() == null ? e : e.getCause()));
                return;
            }
            tellTcp();
            findings.accept(Finding.ok("TLS: the bridge has the key that cert= pins, "
                    + millis(tlsNanos - network.tcpConnectedAtNanos()) + " after TCP"));
            if (isAdmitted() && hasUtp()) {
                examine(session);
            } else {
                reset(session);
            }
        }

        private void reset(Session session) {
            loop.execute(() -> session.reset(ResetReason.USER_CLOSED));
        }

        private void tellTcp() {
            if (network.isTcpConnected()) {
                findings.accept(Finding.ok("TCP: connected " + (way.proxied() ? "through the proxy " : "") + "in "
                        + millis(network.tcpConnectNanos())));
            }
        }

        private void tellFailure(LinkException failure) throws InterruptedException {
            tellTcp();
            StrangerLook.Seen seen = null;
            if (DialFailure.wantsLook(failure)) {
                InetAddress local = localAddress();
                InetSocketAddress from = local == null ? null : new InetSocketAddress(local, 0);
                seen = of(StrangerLook.look(loop, way.network(), from, bridge, patience.look()));
            }
            findings.accept(DialFailure.explain(
                    failure,
                    bridge,
                    network.isTcpConnected(),
                    seen,
                    config.strangers().clock().instant()));
        }

        private <T> @Nullable T of(CompletableFuture<T> future) throws InterruptedException {
            try {
                return future.get();
            } catch (ExecutionException e) {
                return null;
            }
        }

        private boolean isAdmitted() throws InterruptedException {
            await(watch.admitted(), watch.closed(), admissionLimit(config));
            if (watch.admitted().isDone()) {
                findings.accept(Finding.ok("proof: the bridge accepts its secret (WELCOME), "
                        + millis(watch.admitted().join() - tlsNanos) + " after TLS; the clocks agree well enough"));
                return true;
            }
            if (isEndedFromBehind()) {
                // That came by µTP, before the WELCOME by TLS; it is told by who looks at the session.
                return true;
            }
            findings.accept(closedEarly());
            return false;
        }

        /** Returns whether the session goes on. */
        private boolean hasUtp() throws InterruptedException {
            if (needsUtp && !way.takesUdp()) {
                findings.accept(Finding.fail(
                        "µTP: the line says carrier=utp, and the proxy takes TCP only",
                        "Take carrier=utp out of the line, or a SOCKS5 proxy that relays UDP."));
                return false;
            }
            if (config.policy() == CarrierPolicy.TLS) {
                findings.accept(Finding.note(
                        way.takesUdp()
                                ? "µTP: not dialled, as carrier=tls asks for"
                                : "µTP: not dialled, the proxy takes TCP only"));
                return true;
            }
            long start = System.nanoTime();
            Duration first = patience.refusal().compareTo(patience.utp()) < 0 ? patience.refusal() : patience.utp();
            UdpQuestion.Answer answer = null;
            boolean known = await(watch.paired(), watch.closed(), first);
            if (!known && !way.proxied()) {
                answer = UdpQuestion.ask(localAddress(), bridge, patience.refusal());
                known = answer == UdpQuestion.Answer.REFUSED;
            }
            if (!known) {
                await(watch.paired(), watch.closed(), patience.utp().minusNanos(System.nanoTime() - start));
            }
            if (watch.paired().isDone()) {
                findings.accept(
                        Finding.ok("µTP: paired, " + millis(watch.paired().join() - tlsNanos) + " after TLS"));
                return true;
            }
            if (isEndedFromBehind()) {
                // Told by who looks at the session; the measurement waits for µTP itself.
                return true;
            }
            if (watch.closed().isDone() && watch.closed().join().reason() != CloseReason.UTP_UNAVAILABLE) {
                findings.accept(closedEarly());
                return false;
            }
            UdpQuestion.Answer heard = answer;
            Finding silence = onLoop(() -> UtpSilence.explain(
                    bridge, way.proxied(), network.isUtpConnected(), network.utpFailure(), heard, patience.utp()));
            findings.accept(needsUtp ? silence.as(Level.FAIL) : silence);
            return !needsUtp;
        }

        private <T> T onLoop(Callable<T> question) throws InterruptedException {
            try {
                return loop.submit(question).get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("a question to the event loop failed", e);
            }
        }

        private void examine(Session session) throws InterruptedException {
            await(watch.closed(), watch.closed(), patience.settle());
            SessionReport idle = null;
            if (watch.closed().isDone()) {
                findings.accept(closedEarly());
                if (!isEndedFromBehind()) {
                    return;
                }
            } else {
                idle = onLoop(() -> SessionReport.of(session, network, way.proxied()));
                idle.tell(findings);
            }
            boolean wantsUtp =
                    config.policy() != CarrierPolicy.TLS && (watch.paired().isDone() || isEndedFromBehind());
            // Before the next one: there may be no more than one from an address.
            reset(session);
            if (measure) {
                RateProbe.Outcome outcome = new RateProbe(loop, way, memory, bridge, cert, config)
                        .run(wantsUtp ? patience.utp() : Duration.ZERO, patience.settle());
                tell(outcome.load(), idle, outcome.rate());
            } else {
                tell(null, idle, Finding.note("rate and loss: not measured, as --no-rate asks for"));
            }
        }

        private void tell(@Nullable SessionReport load, @Nullable SessionReport idle, Finding rate) {
            SessionReport report = load == null ? idle : load;
            if (report != null) {
                report.tellLoad(findings, bridge, load != null);
            }
            findings.accept(rate);
        }

        /** Whether the session is over, but not because of the link, which can be measured then. */
        private boolean isEndedFromBehind() {
            Watch.Closed closed = watch.closed().getNow(null);
            return closed != null
                    && (closed.reason() == CloseReason.RESET_BY_PEER || closed.reason() == CloseReason.FINISHED);
        }

        private Finding closedEarly() {
            Watch.Closed closed = watch.closed().getNow(null);
            return closed == null
                    ? Finding.fail("proof: no answer", "The bridge has said nothing to the proof of its secret.")
                    : SessionEnd.explain(closed.reason(), closed.detail());
        }
    }
}
