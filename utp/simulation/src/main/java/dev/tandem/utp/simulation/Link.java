package dev.tandem.utp.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a path. The same seed and the same calls give the same packets at the same times; each kind of
 * impairment draws from a random sequence of its own, so that switching one on does not change what the others decide.
 *
 * <p>Several flows share a bottleneck by sharing a link. Not safe for use by several threads.
 *
 * @param <P> the packets, which the link never looks into
 */
public final class Link<P> {
    /** {@link #nextDeliveryNanos()}: nothing is on its way. */
    public static final long NO_DELIVERY = Long.MAX_VALUE;

    private static final double NANOS_PER_SECOND = 1e9;

    private record Flight<P>(long arrivalNanos, long order, P packet) {}

    private final ToIntFunction<P> sizeOf;
    private final UnaryOperator<P> corrupter;
    private final SplittableRandom lossRandom;
    private final SplittableRandom burstRandom;
    private final SplittableRandom jitterRandom;
    private final SplittableRandom reorderRandom;
    private final SplittableRandom duplicateRandom;
    private final SplittableRandom corruptRandom;
    private final List<Predicate<P>> filters = new ArrayList<>();
    private final PriorityQueue<Flight<P>> flights = new PriorityQueue<>(
            Comparator.<Flight<P>>comparingLong(Flight::arrivalNanos).thenComparingLong(Flight::order));

    private LinkConditions conditions;
    private boolean inBurst;
    private boolean everSent;

    /** When the last packet that was not dropped has left, or will have. */
    private long idleAtNanos;

    /** The latest arrival of a packet that was not held back; jitter never lets a packet overtake that one. */
    private long lastArrivalNanos;

    private long order;
    private long sent;
    private long delivered;
    private long lost;
    private long filtered;
    private long queueDrops;
    private long tooLarge;
    private long duplicated;
    private long reordered;
    private long corrupted;
    private long maxQueueNanos;

    /** A link that corrupts nothing, whatever its conditions say. */
    public Link(LinkConditions conditions, long seed, ToIntFunction<P> sizeOf) {
        this(conditions, seed, sizeOf, packet -> packet);
    }

    /**
     * Makes a link.
     *
     * @param sizeOf bytes of a packet, without the overhead that the conditions add
     * @param corrupter returns a changed packet; it must decide by itself how, from a seed of its own
     */
    public Link(LinkConditions conditions, long seed, ToIntFunction<P> sizeOf, UnaryOperator<P> corrupter) {
        this.conditions = conditions;
        this.sizeOf = sizeOf;
        this.corrupter = corrupter;
        SplittableRandom root = new SplittableRandom(seed);
        this.lossRandom = root.split();
        this.burstRandom = root.split();
        this.jitterRandom = root.split();
        this.reorderRandom = root.split();
        this.duplicateRandom = root.split();
        this.corruptRandom = root.split();
    }

    /** What the link does to packets now. */
    public LinkConditions conditions() {
        return conditions;
    }

    /** Packets sent from now on meet other conditions; those on their way do not. */
    public void change(LinkConditions newConditions) {
        conditions = newConditions;
    }

    /** Drops the packets for which the filter says so, besides all else; several filters are all asked. */
    public void dropIf(Predicate<P> filter) {
        filters.add(filter);
    }

    /** Sends a packet; times must not go back from call to call. */
    public void send(long nowNanos, P packet) {
        sent++;
        int bytes = sizeOf.applyAsInt(packet) + conditions.overheadBytes();
        if (isFiltered(packet)) {
            filtered++;
            return;
        }
        if (conditions.mtuBytes() > 0 && bytes > conditions.mtuBytes()) {
            tooLarge++;
            return;
        }
        if (isQueueFull(nowNanos, bytes)) {
            queueDrops++;
            return;
        }
        long leavesNanos = leave(nowNanos, bytes);
        if (isLost()) {
            lost++;
            return;
        }
        P arriving = packet;
        if (corruptRandom.nextDouble() < conditions.corrupt()) {
            corrupted++;
            arriving = corrupter.apply(packet);
        }
        long arrival = arrival(leavesNanos);
        flights.add(new Flight<>(arrival, order++, arriving));
        if (duplicateRandom.nextDouble() < conditions.duplicate()) {
            duplicated++;
            flights.add(new Flight<>(arrival, order++, arriving));
        }
    }

    private boolean isQueueFull(long nowNanos, int bytes) {
        long waitNanos = queueNanos(nowNanos);
        double queuedBytes = waitNanos * (conditions.rateBitsPerSecond() / 8.0) / NANOS_PER_SECOND;
        return waitNanos > 0 && queuedBytes + bytes > conditions.queueBytes();
    }

    /** How long a packet sent now waits for its turn. */
    private long queueNanos(long nowNanos) {
        return conditions.rateBitsPerSecond() > 0 && everSent ? Math.max(0, idleAtNanos - nowNanos) : 0;
    }

    /** When the packet has left the queue and is on the wire. */
    private long leave(long nowNanos, int bytes) {
        if (conditions.rateBitsPerSecond() == 0) {
            return nowNanos;
        }
        long waitNanos = queueNanos(nowNanos);
        maxQueueNanos = Math.max(maxQueueNanos, waitNanos);
        everSent = true;
        idleAtNanos =
                nowNanos + waitNanos + Math.round(bytes * 8.0 * NANOS_PER_SECOND / conditions.rateBitsPerSecond());
        return idleAtNanos;
    }

    private boolean isFiltered(P packet) {
        boolean drop = false;
        for (Predicate<P> filter : filters) {
            drop |= filter.test(packet);
        }
        return drop;
    }

    private boolean isLost() {
        double change = burstRandom.nextDouble();
        inBurst = inBurst ? change >= conditions.burstEnd() : change < conditions.burstStart();
        return lossRandom.nextDouble() < conditions.loss() || inBurst;
    }

    private long arrival(long leavesNanos) {
        long arrival = leavesNanos
                + conditions.delayNanos()
                + Math.round(jitterRandom.nextDouble() * conditions.jitterNanos());
        boolean heldBack = reorderRandom.nextDouble() < conditions.reorder();
        long holdNanos = Math.round(reorderRandom.nextDouble() * conditions.reorderNanos());
        if (heldBack) {
            reordered++;
            return arrival + holdNanos;
        }
        if (order > 0 && lastArrivalNanos - arrival > 0 && conditions.jitterNanos() > 0) {
            arrival = lastArrivalNanos;
        }
        lastArrivalNanos = arrival;
        return arrival;
    }

    /** The next packet that has arrived, or null. */
    public @Nullable P poll(long nowNanos) {
        Flight<P> first = flights.peek();
        if (first == null || first.arrivalNanos() > nowNanos) {
            return null;
        }
        flights.remove();
        delivered++;
        return first.packet();
    }

    /** When the next packet arrives, or {@link #NO_DELIVERY}. */
    public long nextDeliveryNanos() {
        Flight<P> first = flights.peek();
        return first == null ? NO_DELIVERY : first.arrivalNanos();
    }

    /** What became of the packets so far. */
    public LinkStats stats() {
        return new LinkStats(
                sent, delivered, lost, filtered, queueDrops, tooLarge, duplicated, reordered, corrupted, maxQueueNanos);
    }
}
