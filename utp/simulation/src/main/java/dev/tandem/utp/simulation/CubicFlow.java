package dev.tandem.utp.simulation;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A model of a bulk TCP transfer under CUBIC, sender and receiver, to compete with. It always has something to send,
 * every segment is acknowledged, losses are found from selective acknowledgements and repaired, timeouts are as in RFC
 * 6298 with a minimum of 200 ms. There is no handshake, flow control, pacing or HyStart.
 *
 * <p>Give {@link #handleSegment} and {@link #handleAck} as receivers to the two directions of a path, then
 * {@link #start} the flow on them.
 */
public final class CubicFlow {
    /** Bytes of data in each segment. */
    public static final int SEGMENT_DATA_BYTES = 1448;

    private static final long MIN_RTO_NANOS = 200_000_000;
    private static final long INITIAL_RTO_NANOS = 1_000_000_000;
    private static final long MAX_RTO_NANOS = 60_000_000_000L;
    private static final long NOT_STARTED = Long.MAX_VALUE;
    private static final int LOSS_THRESHOLD = 3;

    private final Simulation simulation;
    private final CubicWindow window = new CubicWindow();
    private Consumer<? super Segment> dataPath = segment -> {};
    private Consumer<? super Ack> ackPath = ack -> {};
    private boolean isRunning;
    private long startNanos = NOT_STARTED;

    // The sender. Transmissions are numbered apart from segments, so that a repeated one is told from its original:
    // one is lost if another that was sent three or more later has arrived.
    private final TreeMap<Long, Outstanding> unacked = new TreeMap<>();
    private final ArrayDeque<Transmission> inSendingOrder = new ArrayDeque<>();
    private final ArrayDeque<Outstanding> toRepeat = new ArrayDeque<>();
    private long nextSegment;
    private long nextTransmission;
    private long highestArrived = -1;
    private long inFlight;
    private long answeredUpTo = -1; // losses of transmissions up to this one have had their reduction
    private long smoothedRttNanos;
    private long rttVariationNanos;
    private long rtoNanos = INITIAL_RTO_NANOS;
    private long timeoutAtNanos = Link.NO_EVENT;
    private long timerNanos = Link.NO_EVENT;
    private boolean hasProgressed = true; // since the last timeout; only then is another one news: RFC 5681, 3.1
    private long retransmissions;
    private long timeouts;

    // The receiver: everything below nextExpected has come, and these ranges above it, from (incl.) to (excl.).
    private final TreeMap<Long, Long> aboveGaps = new TreeMap<>();
    private long nextExpected;

    /** Makes a flow that does nothing yet. */
    public CubicFlow(Simulation simulation) {
        this.simulation = simulation;
    }

    /**
     * Begins to send, now.
     *
     * @param data takes segments towards the receiver
     * @param acks takes acknowledgements towards the sender
     * @throws IllegalStateException if it was started before
     */
    public void start(Consumer<? super Segment> data, Consumer<? super Ack> acks) {
        if (startNanos != NOT_STARTED) {
            throw new IllegalStateException("started before");
        }
        dataPath = data;
        ackPath = acks;
        startNanos = simulation.now();
        isRunning = true;
        fillWindow();
    }

    /** Sends nothing new from now on; what is lost is still repaired. */
    public void stop() {
        isRunning = false;
    }

    /** Bytes that have reached the receiver in order. */
    public long deliveredBytes() {
        return nextExpected * SEGMENT_DATA_BYTES;
    }

    /** Bits of data that reached the receiver in order, for each second since the flow started; 0 before. */
    public double goodputBitsPerSecond() {
        long nanos = simulation.now() - startNanos;
        return nanos <= 0 ? 0 : deliveredBytes() * 8e9 / nanos;
    }

    /** Bytes sent at least once and not acknowledged so far. */
    public long unackedBytes() {
        return (long) unacked.size() * SEGMENT_DATA_BYTES;
    }

    /** The congestion window in bytes of data. */
    public long windowBytes() {
        return (long) (window.segments() * SEGMENT_DATA_BYTES);
    }

    /** The smoothed round-trip time, 0 before there is one. */
    public long smoothedRttNanos() {
        return smoothedRttNanos;
    }

    /** Segments sent again, for whatever reason. */
    public long retransmissions() {
        return retransmissions;
    }

    /** Retransmission timeouts that struck. */
    public long timeouts() {
        return timeouts;
    }

    /** Takes a segment at the receiver's end and acknowledges it. */
    public void handleSegment(Segment segment) {
        long nr = segment.nr;
        Ack ack;
        if (nr < nextExpected) {
            ack = new Ack(nextExpected, nr, nr, segment.transmission, segment.sentNanos);
        } else {
            Range range = insert(nr);
            if (range.from == nextExpected) {
                aboveGaps.remove(range.from);
                nextExpected = range.to;
            }
            ack = new Ack(nextExpected, range.from, range.to, segment.transmission, segment.sentNanos);
        }
        ackPath.accept(ack);
    }

    /** Takes an acknowledgement at the sender's end. */
    public void handleAck(Ack ack) {
        long nowNanos = simulation.now();
        measureRtt(nowNanos - ack.sentNanos);
        int newlyArrived =
                settle(unacked.headMap(ack.nextExpected)) + settle(unacked.subMap(ack.rangeFrom, ack.rangeTo));
        if (ack.transmission > highestArrived) {
            highestArrived = ack.transmission;
        }
        findLosses();
        if (highestArrived > answeredUpTo) {
            for (int i = 0; i < newlyArrived; i++) {
                window.onDelivered(nowNanos, smoothedRttNanos);
            }
        }
        if (newlyArrived > 0) {
            hasProgressed = true;
            timeoutAtNanos = unacked.isEmpty() ? Link.NO_EVENT : nowNanos + rtoNanos;
            armTimer();
        }
        fillWindow();
    }

    private void fillWindow() {
        while (inFlight + 1 <= window.segments()) {
            Outstanding next = toRepeat.poll();
            if (next != null && next.hasArrived) {
                continue;
            }
            if (next == null) {
                if (!isRunning) {
                    return;
                }
                next = new Outstanding(nextSegment++);
                unacked.put(next.nr, next);
            } else {
                retransmissions++;
            }
            transmit(next);
        }
    }

    private void transmit(Outstanding segment) {
        long nowNanos = simulation.now();
        segment.transmission = nextTransmission++;
        segment.isLost = false;
        inFlight++;
        inSendingOrder.add(new Transmission(segment.transmission, segment));
        if (timeoutAtNanos == Link.NO_EVENT) {
            timeoutAtNanos = nowNanos + rtoNanos;
        }
        armTimer();
        dataPath.accept(new Segment(segment.nr, segment.transmission, nowNanos));
    }

    /** Takes these segments for arrived; returns how many there were. */
    private int settle(Map<Long, Outstanding> arrived) {
        for (Outstanding segment : arrived.values()) {
            segment.hasArrived = true;
            inFlight -= segment.isLost ? 0 : 1;
        }
        int count = arrived.size();
        arrived.clear();
        return count;
    }

    private void findLosses() {
        for (Transmission oldest = inSendingOrder.peek();
                oldest != null && (oldest.nr <= highestArrived - LOSS_THRESHOLD || !oldest.isUnderWay());
                oldest = inSendingOrder.peek()) {
            inSendingOrder.remove();
            if (oldest.isUnderWay()) {
                giveUp(oldest.segment);
                if (oldest.nr > answeredUpTo) {
                    answeredUpTo = nextTransmission - 1;
                    window.onCongestion();
                }
            }
        }
    }

    private void giveUp(Outstanding segment) {
        segment.isLost = true;
        inFlight--;
        toRepeat.add(segment);
    }

    /** RFC 6298, 2; the echoed time makes every acknowledgement a sample, also those of repeated segments. */
    private void measureRtt(long rttNanos) {
        if (smoothedRttNanos == 0) {
            smoothedRttNanos = rttNanos;
            rttVariationNanos = rttNanos / 2;
        } else {
            rttVariationNanos += (Math.abs(smoothedRttNanos - rttNanos) - rttVariationNanos) / 4;
            smoothedRttNanos += (rttNanos - smoothedRttNanos) / 8;
        }
        rtoNanos = Math.max(MIN_RTO_NANOS, smoothedRttNanos + 4 * rttVariationNanos);
    }

    /** A deadline that moves back leaves the timer where it is, to be set anew when it strikes. */
    private void armTimer() {
        if (timeoutAtNanos < timerNanos) {
            long atNanos = timeoutAtNanos;
            timerNanos = atNanos;
            simulation.schedule(atNanos, () -> handleTimer(atNanos));
        }
    }

    private void handleTimer(long scheduledNanos) {
        if (scheduledNanos != timerNanos) {
            return; // An earlier one took its place.
        }
        timerNanos = Link.NO_EVENT;
        if (timeoutAtNanos <= simulation.now()) {
            timeouts++;
            rtoNanos = Math.min(MAX_RTO_NANOS, 2 * rtoNanos); // RFC 6298, 5.5
            timeoutAtNanos = simulation.now() + rtoNanos;
            if (hasProgressed) {
                window.onTimeout();
                hasProgressed = false;
            }
            answeredUpTo = nextTransmission - 1;
            toRepeat.clear();
            for (Outstanding segment : unacked.values()) {
                inFlight -= segment.isLost ? 0 : 1;
                segment.isLost = true;
                toRepeat.add(segment);
            }
            fillWindow();
        }
        armTimer();
    }

    /** Adds a segment to the ranges received; returns the range that it is now part of. */
    private Range insert(long nr) {
        Map.Entry<Long, Long> below = aboveGaps.floorEntry(nr);
        if (below != null && below.getValue() > nr) {
            return new Range(below.getKey(), below.getValue());
        }
        long from = below != null && below.getValue() == nr ? below.getKey() : nr;
        Long above = aboveGaps.remove(nr + 1);
        long to = above == null ? nr + 1 : above;
        aboveGaps.put(from, to);
        return new Range(from, to);
    }

    /**
     * A segment with {@link #SEGMENT_DATA_BYTES} of data.
     *
     * @param nr segments before this one in the stream
     * @param transmission transmissions before this one in the flow
     * @param sentNanos when it was sent
     */
    public record Segment(long nr, long transmission, long sentNanos) {
        /**
         * Bytes for a {@link Link} with the overhead of IPv4 and UDP: with it 1500, data, TCP header, timestamps and
         * IPv4 header.
         */
        public int sizeBytes() {
            return 1500 - LinkConditions.IPV4_UDP_OVERHEAD_BYTES;
        }
    }

    /**
     * An acknowledgement.
     *
     * @param nextExpected all segments below have arrived
     * @param rangeFrom first segment of the range around the one that came last
     * @param rangeTo the segment behind that range
     * @param transmission the transmission that came last
     * @param sentNanos when that was sent
     */
    public record Ack(long nextExpected, long rangeFrom, long rangeTo, long transmission, long sentNanos) {
        /** Bytes for a {@link Link} with the overhead of IPv4 and UDP: with it 64, a TCP header with one SACK block. */
        public int sizeBytes() {
            return 64 - LinkConditions.IPV4_UDP_OVERHEAD_BYTES;
        }
    }

    private record Range(long from, long to) {}

    private record Transmission(long nr, Outstanding segment) {
        boolean isUnderWay() {
            return segment.transmission == nr && !segment.hasArrived && !segment.isLost;
        }
    }

    private static final class Outstanding {
        final long nr;
        long transmission;
        boolean isLost; // and not sent again since
        boolean hasArrived;

        Outstanding(long nr) {
            this.nr = nr;
        }
    }
}
