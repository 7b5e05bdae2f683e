package dev.tandem.utp.simulation;

import java.util.function.Consumer;

/**
 * A {@link Link} on a {@link Simulation}: what is sent is handed to the receiver when it is due. To set filters or a
 * listener, or to read counters, use {@link #link}; send and poll only through the pipe.
 *
 * @param <P> what is carried
 */
public final class Pipe<P> {
    private final Simulation simulation;
    private final Link<P> link;
    private final Consumer<? super P> receiver;

    // The earliest wake-up that is scheduled. Later ones may be too: they find nothing to do.
    private long wakeUpNanos = Link.NO_EVENT;

    /**
     * Puts a link onto a simulation.
     *
     * @param link not used by anybody else
     * @param receiver called for each delivery, with the simulation at its time; may send into this pipe
     */
    public Pipe(Simulation simulation, Link<P> link, Consumer<? super P> receiver) {
        this.simulation = simulation;
        this.link = link;
        this.receiver = receiver;
    }

    /** Puts a packet onto the link, now. Nothing is delivered before this returns. */
    public void send(P payload) {
        link.send(simulation.now(), payload);
        arm();
    }

    /** Changes the conditions, now; see {@link Link#change}. */
    public void change(LinkConditions conditions) {
        link.change(simulation.now(), conditions);
        arm();
    }

    /**
     * Changes the conditions at a set time.
     *
     * @throws IllegalArgumentException if that time has passed
     */
    public void changeAt(long atNanos, LinkConditions conditions) {
        simulation.schedule(atNanos, () -> change(conditions));
    }

    /** The link, for filters, listeners and counters. */
    public Link<P> link() {
        return link;
    }

    private void arm() {
        long dueNanos = link.nextDeliveryNanos();
        if (dueNanos < wakeUpNanos) {
            wakeUpNanos = dueNanos;
            simulation.schedule(Math.max(dueNanos, simulation.now()), () -> wakeUp(dueNanos));
        }
    }

    private void wakeUp(long scheduledNanos) {
        if (scheduledNanos != wakeUpNanos) {
            return; // An earlier one took its place, and has armed the next.
        }
        // Kept in the past while delivering, so that a receiver that sends does not arm for every packet.
        wakeUpNanos = Long.MIN_VALUE;
        for (P payload = link.poll(simulation.now()); payload != null; payload = link.poll(simulation.now())) {
            receiver.accept(payload);
        }
        wakeUpNanos = Link.NO_EVENT;
        arm();
    }
}
