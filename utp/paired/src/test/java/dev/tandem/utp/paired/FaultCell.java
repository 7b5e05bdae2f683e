package dev.tandem.utp.paired;

import dev.tandem.utp.paired.memory.PathMemory;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One session over relays, which one fault strikes in one phase, and what came of it. */
@SuppressWarnings("FutureReturnValueIgnored") // faults need no answer
final class FaultCell implements SessionAcceptor {
    /** What may come of a cell. */
    enum Expected {
        /** Each byte once and in order, in both directions, and both sides know it. */
        EXACT,
        /** The dial fails, or the session closes on both sides, each with its reason; no byte was wrong. */
        CLOSED,
        /** Either: what decides it is a race that the fault does not. */
        EITHER,
        /** Each byte came; who sent the last word may not know that it was heard. */
        DELIVERED
    }

    /** What came of it; {@code what} is exact, delivered, or why it was closed, on the client and on the server. */
    record Result(String what, long millis, String changes) {
        @Override
        public String toString() {
            return what + ", " + millis + " ms; " + changes;
        }
    }

    /**
     * Deadlines that a busy machine keeps, and nobody waits for long. What waits without a carrier must outlast an outage of
     * two seconds, and what a client does about it.
     */
    private static final LinkConfig CONFIG =
            withPairing(LinkConfig.DEFAULT.withDetachedTimeout(Duration.ofSeconds(12)), Duration.ofSeconds(5));
    /** With µTP forced, a client needs this long to see that it has moved. */
    private static final LinkConfig PATIENT = withPairing(CONFIG, Duration.ofSeconds(10));

    private static final int BYTES = 300_000;
    private static final int FEW_BYTES = 1000;
    private static final int PATIENCE_SECONDS = 60;

    final Fault fault;
    final Phase phase;
    final CarrierPolicy policy;
    final int seed;
    final TcpRelay tcp;
    final UdpRelay udp;
    private final CountedNetwork network;
    private final EventLoop clientLoop;
    private final EventLoop serverLoop;
    private final CarrierTotals clientTotals = new CarrierTotals();
    private final CarrierTotals serverTotals = new CarrierTotals();
    private final LinkClient client;
    private final LinkServer server;
    private final InetSocketAddress address;
    private final @Nullable LinkServer successor;
    private final @Nullable InetSocketAddress successorAddress;
    private final PatternUser clientUser;
    private final PatternUser serverUser;
    private final CompletableFuture<Session> accepted = new CompletableFuture<>();
    private final AtomicBoolean struck = new AtomicBoolean();
    private volatile long struckNanos;

    FaultCell(
            Fault fault,
            Phase phase,
            CarrierPolicy policy,
            CountedNetwork network,
            EventLoop clientLoop,
            EventLoop serverLoop)
            throws Exception {
        this.fault = fault;
        this.phase = phase;
        this.policy = policy;
        this.seed = toString().hashCode();
        this.network = network;
        this.clientLoop = clientLoop;
        this.serverLoop = serverLoop;
        server = newServer();
        address = bind(server);
        boolean restarts = fault == Fault.SERVER_RESTARTED;
        successor = restarts ? newServer() : null;
        successorAddress = successor == null ? null : bind(successor);
        tcp = new TcpRelay(address);
        udp = new UdpRelay(address);
        RelayedNetwork relayed = new RelayedNetwork(network);
        relayed.relay = udp;
        // Each has a memory of its own: what one learns of UDP must not change how the next begins.
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        client = new LinkClient(clientLoop, clientTotals, relayed, memory, new Random(1));
        clientUser = new PatternUser(1, 2, toWrite(phase.clientWrites()), phase != Phase.IDLE && phase != Phase.CLOSE);
        serverUser = new PatternUser(2, 1, toWrite(phase.serverWrites()), phase != Phase.IDLE);
        if (phase.isEstablished() && policy != CarrierPolicy.TLS) {
            // What strikes µTP shall strike what is under way on it.
            clientUser.onUtpOnly();
            serverUser.onUtpOnly();
        }
    }

    private int toWrite(boolean much) {
        return phase == Phase.IDLE || !much ? FEW_BYTES : BYTES;
    }

    private static LinkConfig withPairing(LinkConfig config, Duration pairing) {
        Duration step = Duration.ofSeconds(8);
        // No cell waits for TCP: if the timer that does is left, it is found.
        return config.withTimeouts(Duration.ofSeconds(100), step, step, pairing);
    }

    private LinkConfig config() {
        return policy == CarrierPolicy.UTP ? PATIENT : CONFIG;
    }

    private LinkServer newServer() {
        return new LinkServer(serverLoop, serverTotals, LinkFixture.IDENTITY, config(), this, network);
    }

    private static InetSocketAddress bind(LinkServer listening) throws Exception {
        return LinkFixture.await(listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    @Override
    public String toString() {
        return fault + " in " + phase + ", policy " + policy;
    }

    // The fault.

    private void strike() {
        if (struck.compareAndSet(false, true)) {
            struckNanos = System.nanoTime();
            fault.strike(this);
        }
    }

    /** Runs what ends a fault. */
    void later(int millis, Runnable change) {
        clientLoop.schedule(change, millis, TimeUnit.MILLISECONDS);
    }

    void restart() {
        // What the old process has to say reaches nobody any more.
        tcp.silenceAll(false, true);
        tcp.target = Objects.requireNonNull(successorAddress);
        udp.retarget(tcp.target);
        tcp.resetAll();
        server.close();
    }

    void resetClient() {
        clientLoop.execute(() -> reset(clientUser));
    }

    void resetServer() {
        accepted.thenRun(() -> serverLoop.execute(() -> reset(serverUser)));
    }

    private static void reset(PatternUser user) {
        Session session = user.session;
        if (session != null) {
            session.reset(ResetReason.USER_CLOSED);
        }
    }

    /** Arms what makes the fault strike. */
    private void arm() {
        switch (phase) {
            case CONNECT -> {
                if (fault.isUdp()) {
                    // The SYN of µTP does not wait for TCP.
                    strike();
                }
                tcp.onAccepted = this::strike;
            }
            case HANDSHAKE ->
                tcp.tap = (up, bytes) -> {
                    if (!up) {
                        strike();
                    }
                };
            case PROOF -> {
                AtomicBoolean answered = new AtomicBoolean();
                tcp.tap = (up, bytes) -> {
                    if (!up) {
                        answered.set(true);
                    } else if (answered.get()) {
                        strike();
                    }
                };
            }
            // A header of 20 bytes, and the identifier.
            case PAIRING -> udp.filter = striking((up, bytes) -> up && bytes >= 20 + 48);
            case UP -> strikeAfter(true);
            case DOWN, BOTH -> strikeAfter(false);
            case IDLE, CLOSE -> {}
        }
    }

    /** Passes datagrams on, until the fault strikes before one that is as said: then that one is the fault's already. */
    private UdpRelay.Filter striking(BiPredicate<Boolean, Integer> when) {
        return (up, datagram, onward) -> {
            if (!struck.get() && when.test(up, datagram.remaining())) {
                udp.filter = UdpRelay.PASS;
                strike();
                udp.filter.handle(up, datagram, onward);
            } else {
                onward.send(datagram);
            }
        };
    }

    /**
     * When a third of a direction's bytes have passed the relay, on the carrier that bears them: not when they have been read,
     * since the kernel may hold all the others by then.
     */
    private void strikeAfter(boolean direction) {
        AtomicLong passed = new AtomicLong();
        if (policy == CarrierPolicy.TLS) {
            tcp.tap = (up, bytes) -> {
                if (up == direction && passed.addAndGet(bytes) >= BYTES / 3) {
                    strike();
                }
            };
        } else {
            udp.filter = striking((up, bytes) -> up == direction && passed.addAndGet(bytes) >= BYTES / 3);
        }
    }

    // The session.

    @Override
    public SessionListener accepted(Session session) {
        session.autoRead(false);
        serverLoop.execute(() -> {
            serverUser.start(session, true);
            accepted.complete(session);
        });
        return serverUser;
    }

    @Override
    public void refused(Refusal refusal, InetSocketAddress from) {}

    /** Runs the cell; throws if what comes of it is not what is expected. */
    Result run() throws Exception {
        arm();
        Future<Session> dial = client.dial(tcp.address(), LinkFixture.cert(), config().withPolicy(policy), clientUser);
        CompletableFuture<CloseReason> clientClosed = new CompletableFuture<>();
        dial.addListener(done -> {
            if (done.isSuccess()) {
                clientUser.start(dial.getNow(), true);
                clientUser.closed.thenAccept(clientClosed::complete);
            } else {
                clientClosed.completeExceptionally(done.cause());
            }
        });
        if (phase == Phase.IDLE) {
            await("the first bytes", () -> clientUser.read == FEW_BYTES && serverUser.read == FEW_BYTES);
            strike();
            clientLoop.execute(() -> clientUser.writeMore(BYTES, true));
            serverLoop.execute(() -> serverUser.writeMore(BYTES, true));
        } else if (phase == Phase.CLOSE) {
            await("all bytes", () -> clientUser.ended.isDone() && serverUser.read == BYTES);
            strike();
            clientLoop.execute(() -> clientUser.writeMore(0, true));
        }
        String what;
        try {
            CloseReason reason = get(clientClosed, "the client's end");
            what = outcome(reason);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof LinkException failed)) {
                throw e;
            }
            what = "dial failed: " + failed.getMessage();
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - struckNanos);
        check(what);
        assertTablesEmpty();
        return new Result(what, millis, "client " + clientUser.changes + ", server " + serverUser.changes);
    }

    private String outcome(CloseReason onClient) throws Exception {
        if (!accepted.isDone()) {
            return "closed: " + onClient + ", never accepted";
        }
        CloseReason onServer = get(serverUser.closed, "the server's end");
        boolean all =
                clientUser.read == expected(phase.serverWrites()) && serverUser.read == expected(phase.clientWrites());
        boolean finished = onClient == CloseReason.FINISHED && onServer == CloseReason.FINISHED;
        if (finished && !all) {
            throw new AssertionError(this + ": finished, but read " + clientUser.read + " and " + serverUser.read);
        }
        String reasons = onClient + ", " + onServer;
        return finished ? "exact" : all ? "delivered: " + reasons : "closed: " + reasons;
    }

    private int expected(boolean much) {
        return phase == Phase.IDLE ? FEW_BYTES + BYTES : much ? BYTES : FEW_BYTES;
    }

    private <T> T get(CompletableFuture<T> future, String what) throws Exception {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(notWithin(what), e);
        }
    }

    private void await(String what, Callable<Boolean> condition) throws Exception {
        Eventually.holds(this + ": " + what, condition);
    }

    private String notWithin(String what) {
        return this + ", seed " + seed + ": " + what + " did not come; client read " + clientUser.read + " "
                + clientUser.changes
                + ", server read " + serverUser.read + " " + serverUser.changes + ", struck " + struck + ", client "
                + clientTotals.snapshot() + ", TCP connections " + tcp.accepted;
    }

    private void check(String what) {
        Expected expected = expected();
        boolean dropped = fault == Fault.UDP_DROPPED && policy == CarrierPolicy.AUTO;
        if (dropped && phase.isTransfer() && changes().noneMatch(change -> change.startsWith("utp to tls"))) {
            throw new AssertionError(this + ": µTP was not left, " + seed);
        }
        boolean cut = fault.isTcp() && policy == CarrierPolicy.TLS;
        if (cut && phase.isTransfer() && expected == Expected.EXACT && tcp.accepted.get() < 2) {
            throw new AssertionError(this + ": TLS was not dialled again, " + seed);
        }
        boolean right = switch (expected) {
            case EXACT -> what.equals("exact");
            case CLOSED -> what.startsWith("closed") || what.startsWith("dial failed");
            case DELIVERED -> what.equals("exact") || what.startsWith("delivered");
            case EITHER -> true;
        };
        if (!right || clientUser.error != null || serverUser.error != null || !struck.get()) {
            throw new AssertionError(
                    this + ", seed " + seed + ": " + what + " instead of " + expected + ", struck " + struck
                            + "; client " + clientUser.error + " " + clientUser.changes + " " + clientUser.closeDetail
                            + ", server "
                            + serverUser.error + " " + serverUser.changes + " " + serverUser.closeDetail);
        }
    }

    private Stream<String> changes() {
        return Stream.concat(clientUser.changes.stream(), serverUser.changes.stream());
    }

    private Expected expected() {
        return switch (fault) {
            case CLIENT_APPLICATION_CLOSED, SERVER_APPLICATION_CLOSED, SERVER_RESTARTED ->
                phase == Phase.CLOSE ? Expected.EITHER : Expected.CLOSED;
            case UDP_DROPPED, UDP_DROPPED_UP, UDP_DROPPED_DOWN, UDP_REFUSED, UDP_THROTTLED, UDP_MOST_DROPPED ->
                policy == CarrierPolicy.UTP ? Expected.CLOSED : Expected.EXACT;
            case UDP_CORRUPTED, UDP_INJECTED -> policy == CarrierPolicy.UTP ? Expected.EITHER : Expected.EXACT;
            case UDP_LARGE_DROPPED, UDP_REBOUND, BOTH_PAUSED -> Expected.EXACT;
            case TCP_RESET,
                    TCP_FINISHED,
                    TCP_SWALLOWED,
                    TCP_SWALLOWED_UP,
                    TCP_SWALLOWED_DOWN,
                    BOTH_LOST,
                    BOTH_REBOUND -> tcpLost();
        };
    }

    /** The first connection makes the session; who has one dials another. */
    private Expected tcpLost() {
        boolean oneWay = fault == Fault.TCP_SWALLOWED_UP || fault == Fault.TCP_SWALLOWED_DOWN;
        if (phase == Phase.CLOSE || (oneWay && policy == CarrierPolicy.TLS)) {
            return Expected.DELIVERED;
        } else if (phase.isEstablished()) {
            return Expected.EXACT;
        } else if (phase == Phase.PAIRING) {
            // HELLO is on its way at the same time.
            return Expected.EITHER;
        } else if (phase == Phase.PROOF && fault == Fault.TCP_SWALLOWED_DOWN) {
            // The server has the session, and µTP tells so.
            return Expected.EXACT;
        }
        return Expected.CLOSED;
    }

    private void assertTablesEmpty() throws Exception {
        for (LinkServer each : servers()) {
            await(
                    "nothing is left in the server",
                    () -> on(serverLoop, each::sessionCount) == 0
                            && on(serverLoop, each::detachedCount) == 0
                            && on(serverLoop, each::unmatchedCount) == 0
                            && on(serverLoop, each::halfOpenCount) == 0);
        }
        await("nothing is left in the client", () -> on(clientLoop, client::dialCount) == 0);
        for (CarrierTotals totals : List.of(clientTotals, serverTotals)) {
            CarrierTotals.Snapshot counted = totals.snapshot();
            if (counted.sessionsOpened() != counted.sessionsClosed()) {
                throw new AssertionError(this + ": sessions not closed: " + counted);
            }
        }
    }

    private List<LinkServer> servers() {
        return successor == null ? List.of(server) : List.of(server, successor);
    }

    private static <T> T on(EventLoop loop, Callable<T> call) throws Exception {
        return LinkFixture.await(loop.submit(call));
    }

    /** Ends what the cell has opened; throws if something of it is known still. */
    void shutDown() throws Exception {
        client.close().awaitUninterruptibly(10, TimeUnit.SECONDS);
        for (LinkServer each : servers()) {
            each.close().awaitUninterruptibly(10, TimeUnit.SECONDS);
        }
        tcp.close();
        udp.close();
        for (LinkServer each : servers()) {
            await("no address is known any more", () -> on(serverLoop, each::knownAddressCount) == 0);
        }
    }
}
