package dev.tandem.utp.simulation;

import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/**
 * An event loop in virtual time. Time stands still while an event runs and jumps from one event to the next, so that
 * hours in which little happens cost nothing. Events of the same time run in the order in which they were scheduled.
 *
 * <p>An action that throws ends the run; the exception passes through.
 */
public final class Simulation {
    /** So many events without time going on are taken for a livelock. */
    static final int LIVELOCK_EVENTS = 1_000_000;

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long nowNanos;
    private long order;
    private int eventsAtThisTime;

    /** Begins at time 0. */
    public Simulation() {}

    /** The virtual time, in nanoseconds since the simulation began. */
    public long now() {
        return nowNanos;
    }

    /**
     * Has an action run at this time, after all that is already scheduled for it.
     *
     * @throws IllegalArgumentException if that time has passed; the present is allowed
     */
    public void schedule(long atNanos, Runnable action) {
        if (atNanos < nowNanos) {
            throw new IllegalArgumentException("scheduled for " + atNanos + " ns, and it is " + nowNanos + " ns");
        }
        events.add(new Event(atNanos, order++, action));
    }

    /**
     * Has an action run after this time.
     *
     * @throws IllegalArgumentException if the delay is negative
     */
    public void scheduleIn(long delayNanos, Runnable action) {
        schedule(Math.addExact(nowNanos, delayNanos), action);
    }

    /**
     * Runs everything that is due up to and including this time, and leaves the time there.
     *
     * @throws IllegalArgumentException if that time has passed
     * @throws IllegalStateException if a million events have run without time going on
     */
    public void runUntil(long untilNanos) {
        runUntil(() -> false, untilNanos);
    }

    /**
     * Runs until a condition holds, which is asked before each event, or until the limit.
     *
     * @return whether the condition holds; if so, the time is that of the event that made it true, else the limit
     * @throws IllegalArgumentException if the limit has passed
     * @throws IllegalStateException if a million events have run without time going on
     */
    public boolean runUntil(BooleanSupplier condition, long limitNanos) {
        if (limitNanos < nowNanos) {
            throw new IllegalArgumentException("to run until " + limitNanos + " ns, and it is " + nowNanos + " ns");
        }
        while (!condition.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.atNanos > limitNanos) {
                nowNanos = limitNanos;
                return condition.getAsBoolean();
            }
            events.remove();
            eventsAtThisTime = next.atNanos == nowNanos ? eventsAtThisTime + 1 : 0;
            if (eventsAtThisTime > LIVELOCK_EVENTS) {
                throw new IllegalStateException("livelock at " + nowNanos + " ns");
            }
            nowNanos = next.atNanos;
            next.action.run();
        }
        return true;
    }

    private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
