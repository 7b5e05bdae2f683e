package dev.tandem.utp.simulation;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a path, in virtual time: packets go in with {@link #send} and come out of {@link #poll} when they
 * are due. A packet goes through, in this order: the scripted filter, the MTU, the drop-tail queue and the rate, loss,
 * delay; there it may be held back, corrupted or duplicated. Chance decides when a packet is sent.
 *
 * <p>Packets stay in order unless {@link LinkConditions#withReordering} or
 * {@link LinkConditions#withReorderingJitter} is on; a delay that is shortened does not let the later overtake.
 *
 * <p>Times may be any {@code long} far from overflow, but never go back: an earlier time than the last one given is
 * an {@link IllegalArgumentException}.
 *
 * @param <P> what is carried; the link hands on the reference and never looks inside
 */
public final class Link<P> {
    /** The answer of {@link #nextDeliveryNanos} when nothing is on its way. */
    public static final long NO_EVENT = Long.MAX_VALUE;

    private static final int MAX_PAYLOAD_BYTES = 1 << 24;
    private static final long BITS_TIMES_NANOS = 8L * 1_000_000_000L;

    private final ToIntFunction<? super P> sizeOf;
    private final FateSource fates;
    private LinkConditions conditions;
    private Predicate<? super P> dropIf = payload -> false;
    private Predicate<? super P> fragmentIf = payload -> false;
    private UnaryOperator<P> copier = UnaryOperator.identity();
    private @Nullable BiFunction<? super P, ? super RandomGenerator, ? extends P> corrupter;
    private LinkListener listener = (nowNanos, event, packetNr, payloadBytes) -> {};

    // Packets whose serialisation begins later than lastNanos, in order; they are in arrivals too unless lost.
    private final ArrayDeque<Packet<P>> waiting = new ArrayDeque<>();
    private long waitingBytes;
    // What packets get when they arrive. Holds packets that still wait: their times are known unless conditions change.
    private final PriorityQueue<Arrival<P>> arrivals = new PriorityQueue<>();
    private long arrivalOrder;

    private long lastNanos = Long.MIN_VALUE;
    // When the line has sent all packets, and when the last of them is due: with those in waiting, and without.
    private Progress line = Progress.START;
    private Progress lineBeforeWaiting = Progress.START;

    private long highestDelivered = -1;
    private long sent;
    private long sentBytes;
    private long delivered;
    private long deliveredBytes;
    private long lost;
    private long droppedByScript;
    private long droppedByMtu;
    private long droppedByQueue;
    private long duplicated;
    private long corrupted;
    private long reordered;
    private long maxQueuedBytes;
    private long maxQueueDelayNanos;

    /**
     * Makes an idle link.
     *
     * @param seed decides everything that is left to chance; links of one test should have different ones
     * @param sizeOf bytes of a payload, 0 to 16 MiB; asked once for each packet sent
     */
    public Link(LinkConditions conditions, long seed, ToIntFunction<? super P> sizeOf) {
        this.conditions = conditions;
        this.fates = new FateSource(seed);
        this.sizeOf = sizeOf;
    }

    /**
     * Drops the packets that this predicate accepts, before anything else is done with them. It sees every packet
     * once, in the order of sending, so it may count: see {@link Drops}. Earlier ones go on dropping theirs.
     */
    public void dropIf(Predicate<? super P> predicate) {
        Predicate<? super P> earlier = dropIf;
        dropIf = packet -> {
            boolean dropped = earlier.test(packet);
            return predicate.test(packet) || dropped;
        };
    }

    /** Says which packets pass although they are larger than the MTU: those that a router may fragment (no DF). */
    public void fragmentIf(Predicate<? super P> predicate) {
        fragmentIf = predicate;
    }

    /**
     * Says how to damage a payload; needed once {@link LinkConditions#withCorruption} is on. The generator given is
     * the link's own, for this purpose only. The payload passed in should not be changed where its sender still needs it.
     */
    public void corruptWith(BiFunction<? super P, ? super RandomGenerator, ? extends P> damage) {
        corrupter = damage;
    }

    /** Says how to copy a payload that is delivered twice; needed where readers consume payloads, as with buffers. */
    public void copyWith(UnaryOperator<P> copy) {
        copier = copy;
    }

    /** Has everything that happens from now on reported. Replaces an earlier listener. */
    public void listen(LinkListener newListener) {
        listener = newListener;
    }

    /**
     * Puts a packet onto the link.
     *
     * @throws IllegalArgumentException if time goes back, or the size is out of range
     * @throws IllegalStateException if the packet is to be corrupted and nobody has said how
     */
    public void send(long nowNanos, P payload) {
        advance(nowNanos);
        int payloadBytes = sizeOf.applyAsInt(payload);
        if (payloadBytes < 0 || payloadBytes > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("size out of range: " + payloadBytes + " bytes");
        }
        Packet<P> packet = new Packet<>(
                sent++, nowNanos, payload, payloadBytes, conditions.overheadBytesPerPacket(), fates.next(conditions));
        sentBytes += payloadBytes;
        report(LinkEvent.SENT, packet);

        if (dropIf.test(payload)) {
            droppedByScript++;
            report(LinkEvent.DROPPED_BY_SCRIPT, packet);
        } else if (isTooLarge(packet)) {
            droppedByMtu++;
            report(LinkEvent.DROPPED_BY_MTU, packet);
        } else if (line.freeNanos > nowNanos && isQueueFull(packet.wireBytes)) {
            droppedByQueue++;
            report(LinkEvent.DROPPED_BY_QUEUE, packet);
        } else {
            accept(packet);
        }
    }

    private boolean isTooLarge(Packet<P> packet) {
        return conditions.mtuBytes() > 0
                && packet.wireBytes > conditions.mtuBytes()
                && !fragmentIf.test(packet.payload);
    }

    /** Takes the next packet that is due at this time, or null if none is; call it until then. */
    public @Nullable P poll(long nowNanos) {
        advance(nowNanos);
        Arrival<P> next = arrivals.peek();
        if (next == null || next.atNanos > nowNanos) {
            return null;
        }
        arrivals.remove();
        delivered++;
        deliveredBytes += next.packet.payloadBytes;
        if (next.packet.nr > highestDelivered) {
            highestDelivered = next.packet.nr;
        } else if (!next.isCopy) {
            reordered++;
        }
        report(LinkEvent.DELIVERED, next.packet);
        return next.payload;
    }

    /** When {@link #poll} will have something, {@link #NO_EVENT} if nothing is on its way. May be in the past. */
    public long nextDeliveryNanos() {
        Arrival<P> next = arrivals.peek();
        return next == null ? NO_EVENT : next.atNanos;
    }

    /**
     * Changes the conditions from this time on. What has begun to be sent keeps its times; what waits in the queue
     * goes on at the new rate and delay, and is not dropped even if the queue became too small for it. Neither is
     * asked again what chance has in store for it.
     *
     * @throws IllegalArgumentException if time goes back
     */
    public void change(long nowNanos, LinkConditions newConditions) {
        advance(nowNanos);
        conditions = newConditions;
        if (waiting.isEmpty()) {
            return;
        }
        arrivals.removeIf(arrival -> arrival.packet.startNanos > nowNanos);
        line = lineBeforeWaiting;
        waiting.forEach(this::place);
    }

    /** The conditions now in force. */
    public LinkConditions conditions() {
        return conditions;
    }

    /** How long a packet sent now would wait until its serialisation begins, provided that the queue takes it. */
    public long queueDelayNanos(long nowNanos) {
        return line.freeNanos <= nowNanos ? 0 : line.freeNanos - nowNanos;
    }

    /** What has been counted up to the last time given. */
    public LinkStats stats() {
        return new LinkStats(
                sent,
                sentBytes,
                delivered,
                deliveredBytes,
                lost,
                droppedByScript,
                droppedByMtu,
                droppedByQueue,
                duplicated,
                corrupted,
                reordered,
                arrivals.size(),
                waitingBytes,
                maxQueuedBytes,
                maxQueueDelayNanos);
    }

    private void accept(Packet<P> packet) {
        if (packet.fate.lost()) {
            lost++;
            report(LinkEvent.LOST, packet);
        } else {
            if (packet.fate.duplicated()) {
                packet.copy = copier.apply(packet.payload);
                packet.copyDelayNanos = conditions.duplicateDelayNanos();
                duplicated++;
                report(LinkEvent.DUPLICATED, packet);
            }
            if (packet.fate.corrupted()) {
                if (corrupter == null) {
                    throw new IllegalStateException("corruption is on, but corruptWith was not called");
                }
                packet.payload = corrupter.apply(packet.payload, fates.corruptedContent());
                corrupted++;
                report(LinkEvent.CORRUPTED, packet);
            }
        }
        place(packet);
        if (packet.startNanos > lastNanos) {
            waiting.add(packet);
            waitingBytes += packet.wireBytes;
            maxQueuedBytes = Math.max(maxQueuedBytes, waitingBytes);
        } else {
            lineBeforeWaiting = line;
        }
    }

    /** Settles the times of a packet that is next on the line. Lost packets take their turn like the others. */
    private void place(Packet<P> packet) {
        packet.startNanos = Math.max(packet.sentNanos, line.freeNanos);
        long departureNanos = packet.startNanos + serializationNanos(packet.wireBytes);
        long dueNanos = departureNanos + conditions.delayNanos() + packet.fate.jitterNanos();
        if (!conditions.jitterReorders()) {
            dueNanos = Math.max(dueNanos, line.dueNanos);
        }
        packet.after = new Progress(departureNanos, Math.max(dueNanos, line.dueNanos));
        line = packet.after;
        if (packet.fate.lost()) {
            return;
        }
        long atNanos = dueNanos + packet.fate.heldBackNanos();
        arrivals.add(new Arrival<>(atNanos, arrivalOrder++, packet, packet.payload, false));
        if (packet.copy != null) {
            arrivals.add(new Arrival<>(atNanos + packet.copyDelayNanos, arrivalOrder++, packet, packet.copy, true));
        }
    }

    /** Lets time pass: what has begun to be serialised is no longer in the queue. */
    private void advance(long nowNanos) {
        if (nowNanos < lastNanos) {
            throw new IllegalArgumentException("time goes back from " + lastNanos + " to " + nowNanos + " ns");
        }
        lastNanos = nowNanos;
        for (Packet<P> next = waiting.peek(); next != null && next.startNanos <= nowNanos; next = waiting.peek()) {
            waiting.remove();
            waitingBytes -= next.wireBytes;
            lineBeforeWaiting = next.after;
            maxQueueDelayNanos = Math.max(maxQueueDelayNanos, next.startNanos - next.sentNanos);
        }
    }

    private boolean isQueueFull(long wireBytes) {
        return conditions.rateBitsPerSecond() > 0 && wireBytes > conditions.queueBytes() - waitingBytes;
    }

    private long serializationNanos(long wireBytes) {
        long rate = conditions.rateBitsPerSecond();
        return rate == 0 ? 0 : (wireBytes * BITS_TIMES_NANOS + rate - 1) / rate;
    }

    private void report(LinkEvent event, Packet<P> packet) {
        listener.onEvent(lastNanos, event, packet.nr, packet.payloadBytes);
    }

    /** How far the line is committed: when it is free, and when the last packet in order is due at the far end. */
    private record Progress(long freeNanos, long dueNanos) {
        static final Progress START = new Progress(Long.MIN_VALUE, Long.MIN_VALUE);
    }

    private static final class Packet<P> {
        final long nr;
        final long sentNanos;
        final int payloadBytes;
        // With the overhead as it was when the packet was sent: changes do not touch it.
        final int wireBytes;
        final Fate fate;
        P payload;

        @Nullable
        P copy;

        long copyDelayNanos;
        long startNanos;
        Progress after = Progress.START;

        Packet(long nr, long sentNanos, P payload, int payloadBytes, int overheadBytes, Fate fate) {
            this.nr = nr;
            this.sentNanos = sentNanos;
            this.payload = payload;
            this.payloadBytes = payloadBytes;
            this.wireBytes = payloadBytes + overheadBytes;
            this.fate = fate;
        }
    }

    private record Arrival<P>(long atNanos, long order, Packet<P> packet, P payload, boolean isCopy)
            implements Comparable<Arrival<P>> {
        @Override
        public int compareTo(Arrival<P> other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
