package dev.tandem.utp.paired;

import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counters over all sessions of a process. Any thread may read them. */
public final class CarrierTotals {
    private final LongAdder sentTls = new LongAdder();
    private final LongAdder sentUtp = new LongAdder();
    private final LongAdder receivedTls = new LongAdder();
    private final LongAdder receivedUtp = new LongAdder();
    private final LongAdder carrierChanges = new LongAdder();
    private final LongAdder sessionsOpened = new LongAdder();
    private final LongAdder sessionsClosed = new LongAdder();
    private final LongAdder resumptions = new LongAdder();
    private final BoundCounters bounds = new BoundCounters();
    private final EventCounters events = new EventCounters();

    /**
     * The counters at one moment.
     *
     * @param sentTls payload bytes given to TLS, bytes sent again included
     * @param sentUtp payload bytes given to µTP, bytes sent again included
     * @param receivedTls payload bytes that came first on TLS
     * @param receivedUtp payload bytes that came first on µTP
     * @param carrierChanges changes of sending carrier
     * @param sessionsOpened sessions set up
     * @param sessionsClosed sessions over
     * @param resumptions TLS connections attached to sessions that existed
     * @param bounds how often each bound was hit that was
     */
    public record Snapshot(
            long sentTls,
            long sentUtp,
            long receivedTls,
            long receivedUtp,
            long carrierChanges,
            long sessionsOpened,
            long sessionsClosed,
            long resumptions,
            Map<BoundCounters.Bound, Long> bounds) {

        /** One JSON object in one line, for whoever watches a proxy from outside; no address in it. */
        public String toJson() {
            return "{\"sessions\":" + sessionsOpened + ",\"openSessions\":" + (sessionsOpened - sessionsClosed)
                    + ",\"carrierChanges\":" + carrierChanges + ",\"resumptions\":" + resumptions
                    + ",\"tls\":{\"sent\":" + sentTls + ",\"received\":" + receivedTls
                    + "},\"utp\":{\"sent\":" + sentUtp + ",\"received\":" + receivedUtp + "},\"bounds\":"
                    + BoundCounters.toJson(bounds) + "}\n";
        }
    }

    /** The counters now. */
    public Snapshot snapshot() {
        return new Snapshot(
                sentTls.sum(),
                sentUtp.sum(),
                receivedTls.sum(),
                receivedUtp.sum(),
                carrierChanges.sum(),
                sessionsOpened.sum(),
                sessionsClosed.sum(),
                resumptions.sum(),
                bounds.snapshot());
    }

    /** The bounds that were hit. */
    public BoundCounters bounds() {
        return bounds;
    }

    /** What happened, by cause. */
    public EventCounters events() {
        return events;
    }

    void sent(CarrierKind kind, long bytes) {
        (kind == CarrierKind.TLS ? sentTls : sentUtp).add(bytes);
    }

    void received(CarrierKind kind, long bytes) {
        (kind == CarrierKind.TLS ? receivedTls : receivedUtp).add(bytes);
    }

    void carrierChanged() {
        carrierChanges.increment();
    }

    void sessionOpened() {
        sessionsOpened.increment();
    }

    void sessionClosed() {
        sessionsClosed.increment();
    }

    void sessionResumed() {
        resumptions.increment();
    }
}
