package dev.tandem.utp.paired;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What happened to sessions and dials, by cause, over all of a process. Any thread may read it. */
public final class EventCounters {
    private final Map<CarrierChange, LongAdder> changes = new ConcurrentHashMap<>();
    private final Counters<CloseReason> closed = new Counters<>(CloseReason.class);
    private final Counters<Refusal> refused = new Counters<>(Refusal.class);
    private final Counters<PairingFailure> pairingFailures = new Counters<>(PairingFailure.class);
    private final Counters<CarrierKind> redials = new Counters<>(CarrierKind.class);
    private final Counters<LinkException.Reason> dialFailures = new Counters<>(LinkException.Reason.class);
    private final Counters<PathEvent> tlsPackets = new Counters<>(PathEvent.class);
    private final Counters<PathEvent> utpPackets = new Counters<>(PathEvent.class);

    EventCounters() {}

    /** Changes of sending carrier that there were, first choices included. */
    public Map<CarrierChange, Long> changes() {
        Map<CarrierChange, Long> snapshot = new HashMap<>();
        changes.forEach((change, count) -> snapshot.put(change, count.sum()));
        return snapshot;
    }

    /** Sessions that are over. */
    public Map<CloseReason, Long> closed() {
        return closed.snapshot();
    }

    /** Server: connections that were turned away. */
    public Map<Refusal, Long> refused() {
        return refused.snapshot();
    }

    /** µTP connections that did not become carriers. */
    public Map<PairingFailure, Long> pairingFailures() {
        return pairingFailures.snapshot();
    }

    /** Client: dials for sessions that existed. */
    public Map<CarrierKind, Long> redials() {
        return redials.snapshot();
    }

    /** Client: dials that did not become sessions. */
    public Map<LinkException.Reason, Long> dialFailures() {
        return dialFailures.snapshot();
    }

    /**
     * Packets of the carriers. Those of a µTP connection are added when it is looked at by {@link LinkView#sample}, and when it
     * ends; of TLS, what the kernel knows of them is added by the former only, and only where epoll is used.
     */
    public Map<PathEvent, Long> packets(CarrierKind carrier) {
        return packetsOf(carrier).snapshot();
    }

    private Counters<PathEvent> packetsOf(CarrierKind carrier) {
        return carrier == CarrierKind.TLS ? tlsPackets : utpPackets;
    }

    void carrierChanged(@Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause) {
        changes.computeIfAbsent(new CarrierChange(from, to, cause), first -> new LongAdder())
                .increment();
    }

    void sessionClosed(CloseReason reason) {
        closed.add(reason, 1);
    }

    void refused(Refusal refusal) {
        refused.add(refusal, 1);
        if (refusal == Refusal.UTP_UNMATCHED) {
            pairingFailed(PairingFailure.UNMATCHED);
        } else if (refusal == Refusal.UTP_DISPLACED) {
            pairingFailed(PairingFailure.DISPLACED);
        }
    }

    void pairingFailed(PairingFailure failure) {
        pairingFailures.add(failure, 1);
    }

    void redialled(CarrierKind carrier) {
        redials.add(carrier, 1);
    }

    void dialFailed(LinkException.Reason reason) {
        dialFailures.add(reason, 1);
    }

    void packets(CarrierKind carrier, PathEvent event, long times) {
        packetsOf(carrier).add(event, times);
    }

    /** One counter for each value, those that were never counted included. */
    private static final class Counters<E extends Enum<E>> {
        private final Map<E, LongAdder> counts;
        private final Class<E> type;

        Counters(Class<E> type) {
            this.type = type;
            this.counts = new EnumMap<>(type);
            for (E value : type.getEnumConstants()) {
                counts.put(value, new LongAdder());
            }
        }

        void add(E value, long times) {
            LongAdder count = counts.get(value);
            if (count != null) {
                count.add(times);
            }
        }

        Map<E, Long> snapshot() {
            Map<E, Long> snapshot = new EnumMap<>(type);
            counts.forEach((value, count) -> snapshot.put(value, count.sum()));
            return snapshot;
        }
    }
}
