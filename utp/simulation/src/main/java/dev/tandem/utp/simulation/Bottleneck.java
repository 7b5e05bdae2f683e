package dev.tandem.utp.simulation;

import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * One link shared by several flows, which may carry different things: they compete for its rate and for its queue. A
 * flow that needs a delay of its own gets it from a {@link Pipe} before or behind.
 */
public final class Bottleneck {
    private final Simulation simulation;
    private final Pipe<Parcel<?>> pipe;

    /** Makes a bottleneck without flows; {@code seed} decides everything that is left to chance. */
    public Bottleneck(Simulation simulation, LinkConditions conditions, long seed) {
        this.simulation = simulation;
        this.pipe = new Pipe<>(simulation, new Link<Parcel<?>>(conditions, seed, Parcel::bytes), Parcel::deliver);
    }

    /**
     * Adds a flow.
     *
     * @param sizeOf bytes of a payload; see {@link Link#Link}
     * @param receiver called for each delivery to this flow
     */
    public <P> Flow<P> addFlow(ToIntFunction<? super P> sizeOf, Consumer<? super P> receiver) {
        return new Flow<>(pipe, sizeOf, receiver);
    }

    /** Changes the conditions for all flows, now; see {@link Link#change}. */
    public void change(LinkConditions conditions) {
        pipe.change(conditions);
    }

    /**
     * Changes the conditions for all flows at a set time.
     *
     * @throws IllegalArgumentException if that time has passed
     */
    public void changeAt(long atNanos, LinkConditions conditions) {
        pipe.changeAt(atNanos, conditions);
    }

    /** How long a packet sent now would wait in the queue, provided that it is taken. */
    public long queueDelayNanos() {
        return pipe.link().queueDelayNanos(simulation.now());
    }

    /** The counters of all flows together. */
    public LinkStats stats() {
        return pipe.link().stats();
    }

    /** Reports what happens to the packets of all flows; see {@link Link#listen}. */
    public void listen(LinkListener listener) {
        pipe.link().listen(listener);
    }

    /**
     * One flow through the bottleneck.
     *
     * @param <P> what it carries
     */
    public static final class Flow<P> {
        private final Pipe<Parcel<?>> pipe;
        private final ToIntFunction<? super P> sizeOf;
        private final Consumer<? super P> receiver;
        private long sent;
        private long delivered;
        private long deliveredBytes;

        private Flow(Pipe<Parcel<?>> pipe, ToIntFunction<? super P> sizeOf, Consumer<? super P> receiver) {
            this.pipe = pipe;
            this.sizeOf = sizeOf;
            this.receiver = receiver;
        }

        /** Puts a packet into the bottleneck, now. */
        public void send(P payload) {
            sent++;
            pipe.send(new Parcel<>(this, payload, sizeOf.applyAsInt(payload)));
        }

        /** Packets of this flow sent so far. */
        public long sent() {
            return sent;
        }

        /** Packets of this flow delivered so far. */
        public long delivered() {
            return delivered;
        }

        /** Bytes of payload of this flow delivered so far. */
        public long deliveredBytes() {
            return deliveredBytes;
        }
    }

    private record Parcel<P>(Flow<P> flow, P payload, int bytes) {
        void deliver() {
            flow.delivered++;
            flow.deliveredBytes += bytes;
            flow.receiver.accept(payload);
        }
    }
}
