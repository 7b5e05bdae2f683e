package dev.tandem.utp.protocol;

import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Our engine at one end of a simulated path, and a {@link ModelPeer} at the other, in virtual time. */
final class ModelPair {
    private static final int LIVELOCK = 100_000;

    final long seed;
    final Endpoint ours;
    final ModelPeer model;
    final Link<Datagram> toModel;
    final Link<Datagram> toUs;
    private final ByteBuffer out = ByteBuffer.allocate(2_048);
    private final Invariants invariants = new Invariants();
    private @Nullable Peer peer;
    long now;

    ModelPair(long seed, ModelPeer.Dialect dialect, LinkConditions conditions) {
        this(seed, dialect, conditions, ConnectionConfig.DEFAULT);
    }

    ModelPair(long seed, ModelPeer.Dialect dialect, LinkConditions conditions, ConnectionConfig config) {
        this.seed = seed;
        Random random = new Random(seed);
        this.now = 4_294_960L * Pair.MILLIS + random.nextInt(10_000) * Pair.MILLIS;
        this.ours = new Endpoint(EndpointConfig.DEFAULT.withConnection(config), random::nextInt);
        this.model = new ModelPeer(dialect, seed);
        this.toModel = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
        this.toUs = new Link<>(conditions, random.nextLong(), Datagram::sizeBytes);
    }

    /** We dial. */
    Peer dial() {
        peer = new Peer(ours.connect(now, Pair.SERVER));
        return peer;
    }

    /** Our application, once there is a connection. */
    Peer peer() {
        if (peer == null) {
            throw new AssertionError(this + ": no connection");
        }
        return peer;
    }

    boolean isConnected() {
        return peer != null && peer.connection.isEstablished() && model.state == ModelPeer.State.CONNECTED;
    }

    void until(BooleanSupplier done, long limitNanos) {
        long end = now + limitNanos;
        settle();
        while (!done.getAsBoolean()) {
            if (!advance(end)) {
                throw new AssertionError(this + ": not within " + limitNanos / Pair.MILLIS + " ms");
            }
            settle();
        }
    }

    void run(long nanos) {
        long end = now + nanos;
        settle();
        while (advance(end)) {
            settle();
        }
        now = end;
    }

    private boolean advance(long end) {
        long next = Math.min(
                Math.min(toModel.nextDeliveryNanos(), toUs.nextDeliveryNanos()),
                Math.min(ours.pollTimeout(), model.deadline()));
        if (next > end) {
            return false;
        }
        now = Math.max(now, next);
        return true;
    }

    private void settle() {
        int actions = 0;
        boolean any = true;
        while (any) {
            any = false;
            for (Datagram d; (d = toModel.poll(now)) != null; any = true) {
                model.handle(now, d);
            }
            model.tick(now);
            model.endBatch(now);
            for (Datagram d; (d = model.poll()) != null; any = true) {
                toUs.send(now, d);
            }
            for (Datagram d; (d = toUs.poll(now)) != null; any = true) {
                ours.handleDatagram(now, Pair.SERVER, ByteBuffer.wrap(d.bytes()));
            }
            ours.handleTimeout(now);
            any |= drain();
            if (++actions > LIVELOCK) {
                throw new AssertionError(this + ": packets without end");
            }
        }
        try {
            invariants.check(ours);
        } catch (AssertionError e) {
            throw new AssertionError(this + ": " + e.getMessage(), e);
        }
    }

    private boolean drain() {
        boolean sent = false;
        for (boolean any = true; any; ) {
            any = false;
            for (ConnectionEvent event; (event = ours.pollEvent()) != null; any = true) {
                if (event.kind() == ConnectionEvent.Kind.INCOMING) {
                    peer = new Peer(event.connection());
                }
                peer().onEvent(event.kind());
            }
            for (Transmit transmit; (transmit = ours.pollTransmit(now, out.clear())) != null; any = true) {
                byte[] bytes = new byte[transmit.sizeBytes()];
                out.flip().get(bytes);
                toModel.send(now, new Datagram(bytes));
                sent = true;
            }
        }
        return sent;
    }

    @Override
    public String toString() {
        String us = peer == null ? "no connection" : peer.connection + " " + peer.connection.stats();
        return "seed " + seed + ", " + model + "; " + us;
    }
}
