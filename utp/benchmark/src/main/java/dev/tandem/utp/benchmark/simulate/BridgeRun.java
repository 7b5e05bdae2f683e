package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.session.MemoryBudget;
import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.simulation.Bottleneck;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import dev.tandem.utp.simulation.LinkStats;
import dev.tandem.utp.simulation.Pipe;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Many clients with links of their own, and a bridge behind one line. */
final class BridgeRun {
    private static final InetSocketAddress BRIDGE_TLS = address(65_001);
    private static final InetSocketAddress BRIDGE_UTP = address(65_002);

    /** What a bridge's sessions may take together: half of a heap of 1 GiB, as a server has it by itself. */
    private static final long MEMORY_BYTES = 512L << 20;

    /** One client in so many is a bulk client. */
    private static final int BULK_EVERY = 20;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long LOOK_NANOS = 10_000_000L;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MEGA = 1e6;

    private final BridgeSetting setting;
    private final World world = new World();
    private final Bottleneck down;
    private final Bottleneck up;
    private final Bottleneck.Flow<Datagram> upFlow;
    private final SimulatedEndpoint bridgeTls;
    private final SimulatedEndpoint bridgeUtp;
    private final MemoryBudget memory = new MemoryBudget(MEMORY_BYTES);
    private final List<Client> clients = new ArrayList<>();

    private final Samples firstByteMs = new Samples();
    private final Samples lastByteMs = new Samples();
    private final Samples queueMs = new Samples();
    private int requests;

    private BridgeRun(BridgeSetting setting) {
        this.setting = setting;
        SplittableRandom random = new SplittableRandom(setting.seed());
        LinkConditions line = AccessLink.limited(setting.bridgeBitsPerSecond());
        down = new Bottleneck(world.simulation, line, random.nextLong());
        up = new Bottleneck(world.simulation, line, random.nextLong());
        upFlow = up.addFlow(Datagram::sizeBytes, this::arriveAtBridge);
        bridgeTls = bridge(BRIDGE_TLS, CarrierKind.TLS, random.split());
        bridgeUtp = bridge(BRIDGE_UTP, CarrierKind.UTP, random.split());
        for (int i = 0; i < setting.sessions(); i++) {
            clients.add(new Client(i, random.split()));
        }
    }

    /** Runs it, and measures. */
    static BridgeResult of(BridgeSetting setting) {
        long heapBefore = usedHeap();
        long startNanos = System.nanoTime();
        long startCpuNanos = THREADS.getCurrentThreadCpuTime();
        BridgeRun run = new BridgeRun(setting);
        run.run();
        double wall = (System.nanoTime() - startNanos) / NANOS_PER_SECOND;
        double cpu = (THREADS.getCurrentThreadCpuTime() - startCpuNanos) / NANOS_PER_SECOND;
        return run.result(wall, cpu, Math.max(0, usedHeap() - heapBefore));
    }

    private void run() {
        world.simulation.runUntil(setting.measuredFromNanos());
        clients.forEach(Client::beginMeasuring);
        look();
        world.simulation.runUntil(setting.endNanos());
    }

    private void look() {
        queueMs.add(down.queueDelayNanos() / NANOS_PER_MILLI);
        world.simulation.scheduleIn(LOOK_NANOS, this::look);
    }

    private boolean isMeasured(long askedNanos) {
        return askedNanos >= setting.measuredFromNanos();
    }

    // The network.

    private static InetSocketAddress address(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private SimulatedEndpoint bridge(InetSocketAddress at, CarrierKind kind, SplittableRandom random) {
        return new SimulatedEndpoint(
                world,
                at,
                kind == CarrierKind.TLS
                        ? Transport.tcpConfig()
                        : setting.transport().utpConfig(),
                random,
                datagram -> client(datagram.to()).down.send(datagram),
                connection -> client(connection.remote()).accept(kind, connection));
    }

    /** Clients are known by their ports. */
    private Client client(InetSocketAddress address) {
        return clients.get(address.getPort() - 1);
    }

    private void arriveAtBridge(Datagram datagram) {
        (datagram.to().equals(BRIDGE_TLS) ? bridgeTls : bridgeUtp).handleDatagram(datagram);
    }

    private Pipe<Datagram> accessLink(LinkConditions conditions, long seed, Consumer<Datagram> receiver) {
        Link<Datagram> link = new Link<>(conditions, seed, Datagram::sizeBytes);
        link.fragmentIf(Datagram::mayFragment);
        return new Pipe<>(world.simulation, link, receiver);
    }

    /** A client, its link, and what the bridge has of it. */
    private final class Client implements SimulatedSession.Dialer, TorClient.Log {
        private final SplittableRandom random;
        private final AccessLink access;
        private final Bottleneck.Flow<Datagram> down;
        private final SimulatedEndpoint endpoint;
        private final TorClient user;
        private final TorBridge answerer = new TorBridge(world);
        private @Nullable SimulatedSession session;
        private @Nullable SimulatedSession bridgeSession;
        private long bytesBefore;

        Client(int index, SplittableRandom random) {
            this.random = random;
            this.access = AccessLink.draw(random);
            Pipe<Datagram> accessUp = accessLink(access.up(), random.nextLong(), upFlow::send);
            this.endpoint = new SimulatedEndpoint(
                    world,
                    address(index + 1),
                    setting.transport().utpConfig(),
                    random.split(),
                    accessUp::send,
                    connection -> {
                        throw new IllegalStateException("a client is not dialled");
                    });
            Pipe<Datagram> accessDown = accessLink(access.down(), random.nextLong(), endpoint::handleDatagram);
            this.down = BridgeRun.this.down.addFlow(Datagram::sizeBytes, accessDown::send);
            TorClient.Habit habit = index % BULK_EVERY == 0 ? TorClient.Habit.BULK : TorClient.Habit.INTERACTIVE;
            this.user = new TorClient(world, habit, random.split(), this);
            world.in(random.nextLong(setting.rampNanos()), this::begin);
        }

        private void begin() {
            session = new SimulatedSession(
                    world, random, setting.transport().policy(), MemoryBudget.unbounded(), this, user);
            user.use(session);
        }

        @Override
        public SimulatedEndpoint endpoint() {
            return endpoint;
        }

        @Override
        public Connection dial(CarrierKind kind) {
            return kind == CarrierKind.TLS
                    ? endpoint.connect(BRIDGE_TLS, Transport.tcpConfig())
                    : endpoint.connect(BRIDGE_UTP, setting.transport().utpConfig());
        }

        /** At the bridge. */
        private ConnectionUser accept(CarrierKind kind, Connection connection) {
            if (bridgeSession == null) {
                bridgeSession =
                        new SimulatedSession(world, random, setting.transport().policy(), memory, null, answerer);
                answerer.use(bridgeSession);
            }
            return bridgeSession.accept(kind, kind == CarrierKind.TLS ? bridgeTls : bridgeUtp, connection);
        }

        private boolean is(TorClient.Habit habit) {
            return user.habit() == habit;
        }

        private void beginMeasuring() {
            bytesBefore = user.receivedBytes();
        }

        private double goodputMbit() {
            double seconds = (setting.endNanos() - setting.measuredFromNanos()) / NANOS_PER_SECOND;
            return (user.receivedBytes() - bytesBefore) * Byte.SIZE / MEGA / seconds;
        }

        private double accessShare() {
            return goodputMbit() * MEGA / access.downBitsPerSecond();
        }

        private boolean isAlive() {
            return session != null && session.isAlive() && bridgeSession != null && bridgeSession.isAlive();
        }

        @Override
        public void onRequest(long askedNanos) {
            if (isMeasured(askedNanos) && is(TorClient.Habit.INTERACTIVE)) {
                requests++;
            }
        }

        @Override
        public void onAnswer(long askedNanos, long firstByteNanos, long lastByteNanos) {
            if (isMeasured(askedNanos) && is(TorClient.Habit.INTERACTIVE)) {
                firstByteMs.add((firstByteNanos - askedNanos) / NANOS_PER_MILLI);
                lastByteMs.add((lastByteNanos - askedNanos) / NANOS_PER_MILLI);
            }
        }

        /** Fails if a client has more than was asked for and written. */
        private void check() {
            if (user.cells() > answerer.cellsWritten() || answerer.cellsWritten() > user.cellsAsked()) {
                throw new IllegalStateException("cells came that nobody sent");
            }
        }
    }

    // What it has shown.

    private BridgeResult result(double wallSeconds, double cpuSeconds, long heapBytes) {
        clients.forEach(Client::check);
        LinkStats line = down.stats();
        long sentByBridge = bridgeTls.sentDatagrams() + bridgeUtp.sentDatagrams();
        long sentByClients = clients.stream()
                .mapToLong(client -> client.endpoint.sentDatagrams())
                .sum();
        long retransmitted = bridgeSessions().stream()
                .mapToLong(SimulatedSession::retransmissions)
                .sum();
        double sentBits = (line.deliveredBytes() + line.delivered() * LinkConditions.IPV4_UDP_OVERHEAD_BYTES)
                * (double) Byte.SIZE;
        return new BridgeResult(
                setting.sessions(),
                setting.bridgeBitsPerSecond() / MEGA,
                setting.transport().toString(),
                clients.stream().mapToDouble(Client::goodputMbit).sum(),
                bulk(),
                interactive(),
                new BridgeResult.Line(
                        queueMs.quantiles(),
                        (double) line.droppedByQueue() / line.sent(),
                        sentBits / setting.bridgeBitsPerSecond() / setting.seconds()),
                (double) retransmitted / sentByBridge,
                carriers(),
                new BridgeResult.Cost(
                        wallSeconds,
                        cpuSeconds,
                        setting.seconds(),
                        world.events,
                        sentByBridge + sentByClients,
                        heapBytes / setting.sessions()));
    }

    private List<Client> clients(TorClient.Habit habit) {
        return clients.stream().filter(client -> client.is(habit)).toList();
    }

    private List<SimulatedSession> bridgeSessions() {
        return clients.stream()
                .map(client -> client.bridgeSession)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }

    private BridgeResult.Bulk bulk() {
        Samples goodput = new Samples();
        Samples shares = new Samples();
        for (Client client : clients(TorClient.Habit.BULK)) {
            goodput.add(client.goodputMbit());
            shares.add(client.accessShare());
        }
        return new BridgeResult.Bulk(
                goodput.count(), goodput.sum(), goodput.quantiles(), goodput.fairness(), shares.quantiles());
    }

    private BridgeResult.Interactive interactive() {
        List<Client> all = clients(TorClient.Habit.INTERACTIVE);
        return new BridgeResult.Interactive(
                all.size(),
                all.stream().mapToDouble(Client::goodputMbit).sum(),
                requests,
                lastByteMs.count(),
                firstByteMs.quantiles(),
                lastByteMs.quantiles());
    }

    private BridgeResult.Carriers carriers() {
        List<SimulatedSession> ends = bridgeSessions();
        return new BridgeResult.Carriers(
                (int) clients.stream().filter(Client::isAlive).count(),
                (int) ends.stream().filter(end -> end.sendsOn(CarrierKind.UTP)).count(),
                ends.stream().mapToLong(end -> end.stats().carrierChanges()).sum(),
                clients.stream()
                        .map(client -> client.session)
                        .mapToLong(session -> session == null ? 0 : session.tlsRedials())
                        .sum());
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
