package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionEvent;
import dev.tandem.utp.protocol.Endpoint;
import dev.tandem.utp.protocol.EndpointConfig;
import dev.tandem.utp.protocol.Transmit;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The engine on the simulation: what the driver is for sockets, this is for a network in virtual time. */
final class SimulatedEndpoint {
    private final World world;
    private final InetSocketAddress address;
    private final Endpoint endpoint;
    private final Consumer<Datagram> network;
    private final Function<Connection, ConnectionUser> acceptor;
    private final Deadline deadline;
    private boolean settling;
    private boolean touched;

    /**
     * An endpoint of this address.
     *
     * @param config its connections, dialled and accepted
     * @param network takes what is sent; delivers nothing before it returns
     * @param acceptor makes the user of each connection that a peer opens
     */
    SimulatedEndpoint(
            World world,
            InetSocketAddress address,
            ConnectionConfig config,
            RandomGenerator random,
            Consumer<Datagram> network,
            Function<Connection, ConnectionUser> acceptor) {
        this.world = world;
        this.address = address;
        this.endpoint =
                new Endpoint(EndpointConfig.DEFAULT.withDontFragment(true).withConnection(config), random::nextInt);
        this.network = network;
        this.acceptor = acceptor;
        this.deadline = new Deadline(world, this::settle);
    }

    /** Dials; the user is to be attached to the connection before this turn is over. */
    Connection connect(InetSocketAddress to, ConnectionConfig config) {
        Connection connection = endpoint.connect(world.now(), to, config);
        touch();
        return connection;
    }

    void handleDatagram(Datagram datagram) {
        world.events++;
        endpoint.handleDatagram(world.now(), datagram.from(), datagram.payload());
        settle();
    }

    /** A connection was written to, read from or closed outside of {@link ConnectionUser#onEvent}: to be looked after soon. */
    void touch() {
        if (!settling && !touched) {
            touched = true;
            deadline.arm(world.now());
        }
    }

    /** Datagrams sent so far. */
    long sentDatagrams() {
        return endpoint.stats().datagramsSent();
    }

    private void settle() {
        long now = world.now();
        settling = true;
        touched = false;
        endpoint.handleTimeout(now);
        for (boolean more = true; more; ) {
            more = false;
            for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; more = true) {
                tell(event);
            }
            for (Transmit next; (next = endpoint.pollTransmit(now, world.datagram.clear())) != null; more = true) {
                ByteBuffer payload = ByteBuffer.allocate(next.sizeBytes());
                payload.put(world.datagram.flip()).flip();
                network.accept(new Datagram(address, next.remote(), payload, next.mayFragment()));
            }
        }
        settling = false;
        deadline.arm(endpoint.pollTimeout());
    }

    private void tell(ConnectionEvent event) {
        Connection connection = event.connection();
        if (event.kind() == ConnectionEvent.Kind.INCOMING) {
            connection.attachment(acceptor.apply(connection));
        } else if (connection.attachment() instanceof ConnectionUser user) {
            user.onEvent(event.kind());
        }
    }
}
