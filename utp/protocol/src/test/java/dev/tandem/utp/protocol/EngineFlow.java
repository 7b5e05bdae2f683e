package dev.tandem.utp.protocol;

import dev.tandem.utp.simulation.Bottleneck;
import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import dev.tandem.utp.simulation.Pipe;
import dev.tandem.utp.simulation.Simulation;
import java.nio.ByteBuffer;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A bulk transfer of our engine, both ends of it, through a bottleneck that it shares with others. */
final class EngineFlow {
    private final Simulation simulation;
    private final Endpoint client;
    private final Endpoint server;
    private final Bottleneck.Flow<Datagram> data;
    private final Pipe<Datagram> acknowledgements;
    private final ByteBuffer out = ByteBuffer.allocate(2_048);
    private @Nullable Peer receiver;
    private long wakeNanos = Endpoint.NO_TIMEOUT;

    EngineFlow(Simulation simulation, Bottleneck bottleneck, LinkConditions back, ConnectionConfig config, long seed) {
        this.simulation = simulation;
        Random random = new Random(seed);
        EndpointConfig endpointConfig = EndpointConfig.DEFAULT.withConnection(config);
        this.client = new Endpoint(endpointConfig, random::nextInt);
        this.server = new Endpoint(endpointConfig, random::nextInt);
        this.data = bottleneck.addFlow(Datagram::sizeBytes, datagram -> {
            server.handleDatagram(simulation.now(), Pair.CLIENT, ByteBuffer.wrap(datagram.bytes()));
            settle();
        });
        this.acknowledgements =
                new Pipe<>(simulation, new Link<>(back, random.nextLong(), Datagram::sizeBytes), datagram -> {
                    client.handleDatagram(simulation.now(), Pair.SERVER, ByteBuffer.wrap(datagram.bytes()));
                    settle();
                });
    }

    EngineFlow start() {
        new Peer(client.connect(simulation.now(), Pair.SERVER)).send(4_000_000_000L);
        settle();
        return this;
    }

    long receivedBytes() {
        return receiver == null ? 0 : receiver.received;
    }

    private void settle() {
        long now = simulation.now();
        client.handleTimeout(now);
        server.handleTimeout(now);
        drain(client, now);
        drain(server, now);
        long next = Math.min(client.pollTimeout(), server.pollTimeout());
        if (next < wakeNanos || wakeNanos <= now) {
            wakeNanos = next;
            if (next != Endpoint.NO_TIMEOUT) {
                simulation.schedule(Math.max(now, next), this::wake);
            }
        }
    }

    private void wake() {
        if (simulation.now() >= wakeNanos) {
            wakeNanos = Endpoint.NO_TIMEOUT;
        }
        settle();
    }

    private void drain(Endpoint endpoint, long now) {
        for (boolean any = true; any; ) {
            any = false;
            for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; any = true) {
                if (event.kind() == ConnectionEvent.Kind.INCOMING) {
                    receiver = new Peer(event.connection());
                }
                if (event.connection().attachment() instanceof Peer peer) {
                    peer.onEvent(event.kind());
                }
            }
            for (Transmit transmit; (transmit = endpoint.pollTransmit(now, out.clear())) != null; any = true) {
                byte[] bytes = new byte[transmit.sizeBytes()];
                out.flip().get(bytes);
                if (endpoint == client) {
                    data.send(new Datagram(bytes));
                } else {
                    acknowledgements.send(new Datagram(bytes));
                }
            }
        }
    }
}
