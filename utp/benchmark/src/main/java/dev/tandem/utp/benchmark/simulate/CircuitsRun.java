package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionEvent;
import dev.tandem.utp.simulation.Bottleneck;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import dev.tandem.utp.simulation.Pipe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/** One client with several circuits on a lossy line: one connection for all of them, or one for each. */
final class CircuitsRun {
    /** One way, on the empty path. */
    static final int DELAY_MILLIS = 50;

    private static final long BITS_PER_SECOND = 20_000_000;
    private static final double LOSS = 0.01;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MEGA = 1e6;

    /** Between two cells of an interactive circuit, on average; exponentially distributed. */
    private static final double CELL_EVERY_NANOS = 100e6;

    private final CircuitsSetting setting;
    private final World world = new World();
    private final SplittableRandom random;
    private final Bottleneck line;
    private final ConnectionConfig config;
    private final Samples cellMs = new Samples();

    private CircuitsRun(CircuitsSetting setting) {
        this.setting = setting;
        this.random = new SplittableRandom(setting.seed());
        this.config = ConnectionConfig.DEFAULT.withCongestionController(
                setting.congestion().factory());
        this.line = new Bottleneck(world.simulation, path(AccessLink.limited(BITS_PER_SECOND)), random.nextLong());
    }

    /** Runs it, and measures. */
    static CircuitsResult of(CircuitsSetting setting) {
        return new CircuitsRun(setting).run();
    }

    private static LinkConditions path(LinkConditions rate) {
        return rate.withDelay(DELAY_MILLIS * NANOS_PER_MILLI).withLoss(LOSS);
    }

    private CircuitsResult run() {
        Party ours = new Party(1);
        List<CircuitStream.Circuit> circuits = new ArrayList<>();
        circuits.addAll(ours.circuits(setting.bulk(), true));
        circuits.addAll(ours.circuits(setting.interactive(), false));
        if (setting.oneForEach()) {
            circuits.forEach(circuit -> ours.open(List.of(circuit)));
        } else {
            ours.open(circuits);
        }
        Party other = new Party(2);
        if (setting.rival()) {
            other.open(other.circuits(1, true));
        }
        world.simulation.runUntil(setting.measuredFromNanos());
        ours.beginMeasuring();
        other.beginMeasuring();
        world.simulation.runUntil(setting.endNanos());
        double goodput = ours.goodputMbit();
        double rival = other.goodputMbit();
        return new CircuitsResult(
                setting.bulk(),
                setting.interactive(),
                setting.oneForEach() ? "each" : "one",
                setting.rival(),
                setting.congestion().label(),
                goodput,
                rival,
                goodput / (goodput + rival),
                cellMs.quantiles());
    }

    private void onCell(long cameNanos) {
        if (cameNanos >= setting.measuredFromNanos()) {
            cellMs.add((world.now() - cameNanos) / (double) NANOS_PER_MILLI);
        }
    }

    /** A user's two ends. */
    private final class Party {
        private final InetSocketAddress client;
        private final SimulatedEndpoint sender;
        private final List<Reader> readers = new ArrayList<>();
        private long cellsBefore;

        Party(int number) {
            client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2 * number);
            InetSocketAddress bridge = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2 * number + 1);
            // Each of the three knows the next one, and the first is made last: so it is asked for when there is
            // something to send.
            List<SimulatedEndpoint> ends = new ArrayList<>();
            Pipe<Datagram> back = new Pipe<>(
                    world.simulation,
                    new Link<>(path(LinkConditions.CLEAN), random.nextLong(), Datagram::sizeBytes),
                    datagram -> ends.get(0).handleDatagram(datagram));
            SimulatedEndpoint receiver =
                    new SimulatedEndpoint(world, client, config, random.split(), back::send, this::accept);
            Bottleneck.Flow<Datagram> forth = line.addFlow(Datagram::sizeBytes, receiver::handleDatagram);
            sender = new SimulatedEndpoint(world, bridge, config, random.split(), forth::send, connection -> {
                throw new IllegalStateException("the bridge's end dials here");
            });
            ends.add(sender);
        }

        private ConnectionUser accept(Connection connection) {
            Reader reader = new Reader(connection);
            readers.add(reader);
            return reader;
        }

        List<CircuitStream.Circuit> circuits(int count, boolean isBulk) {
            List<CircuitStream.Circuit> made = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                made.add(new CircuitStream.Circuit(world, isBulk));
            }
            return Collections.unmodifiableList(made);
        }

        void open(List<CircuitStream.Circuit> circuits) {
            CircuitStream stream = new CircuitStream(sender, sender.connect(client, config), circuits);
            for (CircuitStream.Circuit circuit : circuits) {
                if (!circuit.isBulk()) {
                    feed(circuit, stream);
                }
            }
        }

        private void feed(CircuitStream.Circuit circuit, CircuitStream stream) {
            world.in((long) (-Math.log(1 - random.nextDouble()) * CELL_EVERY_NANOS), () -> {
                circuit.add();
                stream.write();
                feed(circuit, stream);
            });
        }

        private long cells() {
            return readers.stream().mapToLong(reader -> reader.cells.cells()).sum();
        }

        void beginMeasuring() {
            cellsBefore = cells();
        }

        double goodputMbit() {
            double seconds = (setting.endNanos() - setting.measuredFromNanos()) / NANOS_PER_SECOND;
            return (cells() - cellsBefore) * CellReader.CELL_BYTES * Byte.SIZE / MEGA / seconds;
        }
    }

    /** The client's end of a connection. */
    private final class Reader implements ConnectionUser {
        private final Connection connection;
        private final ByteBuf chunk = Unpooled.wrappedBuffer(world.chunk.array());
        private final CellReader cells = new CellReader(word -> {
            if (word != CircuitStream.BULK_CELL) {
                onCell(word);
            }
        });

        Reader(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void onEvent(ConnectionEvent.Kind event) {
            if (event == ConnectionEvent.Kind.READABLE) {
                for (int count; (count = connection.read(world.chunk.clear())) > 0; ) {
                    cells.read(chunk.setIndex(0, count));
                }
            }
        }
    }
}
