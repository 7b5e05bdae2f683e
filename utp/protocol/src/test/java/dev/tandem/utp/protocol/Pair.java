package dev.tandem.utp.protocol;

import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Two endpoints joined by a simulated network, in virtual time. Each step delivers what is due, drains both ends, and
 * moves time to the next thing that happens; a step that never comes to rest fails the test.
 */
final class Pair {
    static final InetSocketAddress CLIENT = address(1, 1_001);
    static final InetSocketAddress SERVER = address(2, 2_002);
    static final long MILLIS = 1_000_000L;
    static final long SECONDS = 1_000_000_000L;

    /** More packets and events than any step of these tests can have, unless it goes in circles. */
    private static final int LIVELOCK = 200_000;

    final long seed;
    final Endpoint client;
    final Endpoint server;
    final Link<Datagram> toServer;
    final Link<Datagram> toClient;
    final List<Peer> accepted = new ArrayList<>();
    private final Invariants invariants = new Invariants();
    private final ByteBuffer out = ByteBuffer.allocate(65_536);
    private final List<Consumer<Datagram>> serverTaps = new ArrayList<>();
    private final List<Consumer<Datagram>> clientTaps = new ArrayList<>();
    private Consumer<Peer> onAccept = peer -> {};
    private @Nullable Peer dialled;
    private int stuck;

    /** The client's clock is so much faster than the server's, in millionths. */
    private final int clientDriftPpm;

    private final long startNanos;
    private boolean clientBlocked;
    long now;
    long packetsToServer;
    long packetsToClient;

    Pair(long seed, LinkConditions conditions) {
        this(seed, conditions, EndpointConfig.DEFAULT, EndpointConfig.DEFAULT);
    }

    Pair(long seed, LinkConditions conditions, EndpointConfig clientConfig, EndpointConfig serverConfig) {
        this(seed, conditions, clientConfig, serverConfig, 0, null);
    }

    /**
     * A pair of which something more is given.
     *
     * @param clientDriftPpm by how many millionths the client's clock is faster than the server's
     * @param numbers where both take ids and sequence numbers from, instead of from the seed
     */
    Pair(
            long seed,
            LinkConditions conditions,
            EndpointConfig clientConfig,
            EndpointConfig serverConfig,
            int clientDriftPpm,
            @Nullable IntSupplier numbers) {
        this.seed = seed;
        this.clientDriftPpm = clientDriftPpm;
        Random random = new Random(seed);
        // Clocks of two machines have nothing in common; a start near the wrap of 32 bits of µs tests that as well.
        this.now = 4_294_960L * MILLIS + random.nextInt(10_000) * MILLIS;
        this.startNanos = now;
        this.client = new Endpoint(clientConfig, numbers == null ? random::nextInt : numbers);
        this.server = new Endpoint(serverConfig, numbers == null ? random::nextInt : numbers);
        this.toServer = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
        this.toClient = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
        toServer.fragmentIf(Datagram::mayFragment);
        toClient.fragmentIf(Datagram::mayFragment);
    }

    Peer dial() {
        dialled = new Peer(client.connect(clientNow(), SERVER));
        return dialled;
    }

    /** The application of the only connection dialled. */
    Peer clientPeer() {
        return Objects.requireNonNull(dialled);
    }

    /** Hands the server a datagram as if it came from the client, and lets it answer. */
    void injectToServer(Datagram datagram) {
        injectWithoutDraining(datagram);
        drain(server, toClient);
    }

    /** Hands the server a datagram of a batch, of which this is not the last. */
    void injectWithoutDraining(Datagram datagram) {
        server.handleDatagram(now, CLIENT, ByteBuffer.wrap(datagram.bytes()));
    }

    /** Hands the client a datagram as if it came from the server, and lets it answer. */
    void injectToClient(Datagram datagram) {
        client.handleDatagram(clientNow(), SERVER, ByteBuffer.wrap(datagram.bytes()));
        drain(client, toServer);
    }

    /** Whether the client's socket takes no datagram. */
    void blockClient(boolean value) {
        clientBlocked = value;
    }

    private long clientNow() {
        return now + (now - startNanos) / 1_000 * clientDriftPpm / 1_000;
    }

    /** When the client's clock will show that time. */
    private long fromClient(long time) {
        return time == Endpoint.NO_TIMEOUT || clientDriftPpm == 0
                ? time
                : startNanos + (long) Math.ceil((time - startNanos) / (1 + clientDriftPpm / 1e6)) + 1_000;
    }

    /** Called with the application of each accepted connection. */
    Pair onAccept(Consumer<Peer> action) {
        onAccept = action;
        return this;
    }

    /** Sees each datagram that the server is about to receive. */
    void tapServer(Consumer<Datagram> tap) {
        serverTaps.add(tap);
    }

    /** Sees each datagram that the client is about to receive. */
    void tapClient(Consumer<Datagram> tap) {
        clientTaps.add(tap);
    }

    /** Runs until the condition holds, and not a moment longer. */
    void until(BooleanSupplier done, long limitNanos) {
        long end = now + limitNanos;
        settle();
        while (!done.getAsBoolean()) {
            if (!advance(end)) {
                throw new AssertionError("seed " + seed + ": not within " + limitNanos / MILLIS + " ms");
            }
            settle();
        }
    }

    /** Runs for so long. */
    void run(long nanos) {
        long end = now + nanos;
        settle();
        while (advance(end)) {
            settle();
        }
        now = end;
    }

    /** Handles everything that is due now. */
    private void settle() {
        int actions = 0;
        while (deliver()) {
            if (++actions > LIVELOCK) {
                throw new AssertionError("seed " + seed + ": packets without end");
            }
        }
        client.handleTimeout(clientNow());
        server.handleTimeout(now);
        drain(client, toServer);
        drain(server, toClient);
        try {
            if (!clientBlocked) {
                invariants.check(client);
            }
            invariants.check(server);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
    }

    /** Moves to the next instant at which something happens; false if that lies beyond the end. */
    private boolean advance(long end) {
        long next = Math.min(
                Math.min(toServer.nextDeliveryNanos(), toClient.nextDeliveryNanos()),
                Math.min(fromClient(client.pollTimeout()), server.pollTimeout()));
        if (next > end) {
            return false;
        }
        if (next > now) {
            stuck = 0;
        } else if (++stuck > 1_000) {
            throw new AssertionError("seed " + seed + ": a deadline that is never met");
        }
        now = Math.max(now, next);
        return true;
    }

    private boolean deliver() {
        boolean any = false;
        for (Datagram d; (d = toServer.poll(now)) != null; any = true) {
            packetsToServer++;
            Datagram datagram = d;
            serverTaps.forEach(tap -> tap.accept(datagram));
            server.handleDatagram(now, CLIENT, ByteBuffer.wrap(datagram.bytes()));
        }
        for (Datagram d; (d = toClient.poll(now)) != null; any = true) {
            packetsToClient++;
            Datagram datagram = d;
            clientTaps.forEach(tap -> tap.accept(datagram));
            client.handleDatagram(clientNow(), SERVER, ByteBuffer.wrap(datagram.bytes()));
        }
        return any;
    }

    private void drain(Endpoint endpoint, Link<Datagram> link) {
        for (int actions = 0; actions < LIVELOCK; actions++) {
            boolean any = false;
            for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; any = true) {
                dispatch(event);
            }
            if (endpoint == client && clientBlocked) {
                return;
            }
            long time = endpoint == client ? clientNow() : now;
            for (Transmit transmit; (transmit = endpoint.pollTransmit(time, out.clear())) != null; any = true) {
                byte[] bytes = new byte[transmit.sizeBytes()];
                out.flip().get(bytes);
                link.send(now, new Datagram(bytes, transmit.mayFragment()));
                if (++actions > LIVELOCK) {
                    break;
                }
            }
            if (!any) {
                return;
            }
        }
        throw new AssertionError("seed " + seed + ": an endpoint that is never drained");
    }

    private void dispatch(ConnectionEvent event) {
        Peer peer = (Peer) event.connection().attachment();
        if (event.kind() == ConnectionEvent.Kind.INCOMING) {
            peer = new Peer(event.connection());
            accepted.add(peer);
            onAccept.accept(peer);
        }
        if (peer != null) {
            peer.onEvent(event.kind());
        }
    }

    /** The only accepted connection. */
    Peer serverPeer() {
        if (accepted.size() != 1) {
            throw new AssertionError("seed " + seed + ": " + accepted.size() + " connections accepted");
        }
        return accepted.get(0);
    }

    @Nullable
    Peer firstAccepted() {
        return accepted.isEmpty() ? null : accepted.get(0);
    }

    private static InetSocketAddress address(int host, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
