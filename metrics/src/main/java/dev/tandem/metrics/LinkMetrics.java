package dev.tandem.metrics;

import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.CarrierChange;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.LinkView.Population;
import dev.tandem.utp.paired.PairingFailure;
import dev.tandem.utp.paired.PathEvent;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** What a client or a server shows of its link. Every counter is read when it is asked for. */
final class LinkMetrics {
    /** Changes that are shown before there are any: Prometheus does not see the first of a series that begins with it. */
    private static final Set<CarrierChange> USUAL_CHANGES = Set.of(
            new CarrierChange(null, CarrierKind.TLS, ChangeCause.TLS_UP),
            new CarrierChange(null, CarrierKind.TLS, ChangeCause.TLS_UP_AGAIN),
            new CarrierChange(CarrierKind.TLS, CarrierKind.UTP, ChangeCause.PAIRED),
            new CarrierChange(CarrierKind.TLS, CarrierKind.UTP, ChangeCause.ANSWERED),
            new CarrierChange(CarrierKind.TLS, null, ChangeCause.CLOSED),
            new CarrierChange(CarrierKind.UTP, null, ChangeCause.SILENT),
            new CarrierChange(CarrierKind.UTP, CarrierKind.TLS, ChangeCause.STALLED),
            new CarrierChange(CarrierKind.UTP, CarrierKind.TLS, ChangeCause.SILENT),
            new CarrierChange(CarrierKind.UTP, CarrierKind.TLS, ChangeCause.CLOSED),
            new CarrierChange(CarrierKind.UTP, CarrierKind.TLS, ChangeCause.DROPPED));

    private static final Set<Refusal> STRANGERS =
            EnumSet.of(Refusal.STRANGER, Refusal.REPLAY, Refusal.TOO_MANY_STRANGERS);
    private static final Set<Refusal> NOT_TCP = EnumSet.of(Refusal.UTP_UNMATCHED, Refusal.UTP_DISPLACED);

    private final PrometheusRegistry registry;
    private final CarrierTotals totals;
    private final Supplier<Population> population;

    private LinkMetrics(PrometheusRegistry registry, CarrierTotals totals, Supplier<Population> population) {
        this.registry = registry;
        this.totals = totals;
        this.population = population;
    }

    static void register(
            PrometheusRegistry registry, boolean client, CarrierTotals totals, Supplier<Population> population) {
        LinkMetrics metrics = new LinkMetrics(registry, totals, population);
        metrics.sessions(client);
        metrics.carriers();
        if (client) {
            metrics.dials();
        } else {
            metrics.door();
        }
    }

    private void sessions(boolean client) {
        GaugeWithCallback.builder()
                .name("tandem_sessions")
                .help("Sessions by state: with a carrier, without any, and at a client dials that are none yet")
                .labelNames("state")
                .callback(callback -> {
                    Population now = population.get();
                    callback.call(now.attached(), "attached");
                    callback.call(now.detached(), "detached");
                    if (client) {
                        callback.call(now.dialling(), "dialling");
                    }
                })
                .register(registry);
        counter(
                "tandem_sessions_opened_total",
                "Sessions set up",
                () -> totals.snapshot().sessionsOpened());
        counters(
                "tandem_sessions_closed_total",
                "Sessions over, by reason",
                "reason",
                () -> totals.events().closed());
        counter(
                "tandem_resumptions_total",
                "TLS connections attached to sessions that existed",
                () -> totals.snapshot().resumptions());
        Set<PairingFailure> failures = client
                ? EnumSet.of(PairingFailure.UNANSWERED, PairingFailure.TIMEOUT)
                : EnumSet.of(PairingFailure.UNMATCHED, PairingFailure.DISPLACED);
        counters(
                "tandem_pairing_failures_total",
                "µTP connections that did not become a session's carrier, by cause",
                "cause",
                () -> only(failures, totals.events().pairingFailures()));
    }

    private void carriers() {
        CounterWithCallback.builder()
                .name("tandem_carrier_bytes_total")
                .help(
                        "Payload by carrier and direction: given to it, bytes sent again included, or first received on it")
                .labelNames("carrier", "direction")
                .callback(callback -> {
                    CarrierTotals.Snapshot now = totals.snapshot();
                    callback.call((double) now.sentTls(), "tls", "sent");
                    callback.call((double) now.receivedTls(), "tls", "received");
                    callback.call((double) now.sentUtp(), "utp", "sent");
                    callback.call((double) now.receivedUtp(), "utp", "received");
                })
                .register(registry);
        CounterWithCallback.builder()
                .name("tandem_carrier_changes_total")
                .help("Changes of the carrier that this side sends on, by cause; from none is a first choice")
                .labelNames("from", "to", "cause")
                .callback(callback -> changes()
                        .forEach((change, times) -> callback.call(
                                times, Labels.of(change.from()), Labels.of(change.to()), Labels.of(change.cause()))))
                .register(registry);
        CounterWithCallback.builder()
                .name("tandem_packets_total")
                .help("Packets of µTP carriers")
                .labelNames("direction")
                .callback(callback -> {
                    Map<PathEvent, Long> packets = totals.events().packets(CarrierKind.UTP);
                    callback.call(packets.getOrDefault(PathEvent.SENT, 0L), "sent");
                    callback.call(packets.getOrDefault(PathEvent.RECEIVED, 0L), "received");
                })
                .register(registry);
        CounterWithCallback.builder()
                .name("tandem_retransmissions_total")
                .help("Packets sent again, by carrier; of TLS, the kernel's count where it tells")
                .labelNames("carrier")
                .callback(callback -> {
                    for (CarrierKind kind : CarrierKind.values()) {
                        callback.call((double) packets(kind, PathEvent.RETRANSMITTED), Labels.of(kind));
                    }
                })
                .register(registry);
        counter(
                "tandem_packets_lost_total",
                "Packets of µTP carriers taken for lost",
                () -> packets(CarrierKind.UTP, PathEvent.LOST));
        counter(
                "tandem_retransmission_timeouts_total",
                "Retransmission timeouts of µTP carriers",
                () -> packets(CarrierKind.UTP, PathEvent.TIMED_OUT));
    }

    private Map<CarrierChange, Long> changes() {
        Map<CarrierChange, Long> changes = new HashMap<>();
        USUAL_CHANGES.forEach(usual -> changes.put(usual, 0L));
        changes.putAll(totals.events().changes());
        return changes;
    }

    private long packets(CarrierKind kind, PathEvent event) {
        return totals.events().packets(kind).getOrDefault(event, 0L);
    }

    private void dials() {
        counters(
                "tandem_redials_total",
                "Dials for sessions that existed, by carrier",
                "carrier",
                () -> totals.events().redials());
        counters(
                "tandem_dial_failures_total",
                "Dials that did not become sessions, by reason",
                "reason",
                () -> totals.events().dialFailures());
    }

    private void door() {
        counters(
                "tandem_strangers_total",
                "TCP connections of strangers, by kind",
                "kind",
                () -> only(STRANGERS, totals.events().refused()));
        Set<Refusal> refusals = EnumSet.complementOf(EnumSet.copyOf(STRANGERS));
        refusals.removeAll(NOT_TCP);
        counters(
                "tandem_refusals_total",
                "TCP connections that came as a client's and were turned away, by cause",
                "cause",
                () -> only(refusals, totals.events().refused()));
        counters(
                "tandem_bound_hits_total",
                "How often a bound was hit, by bound",
                "bound",
                () -> all(totals.bounds().snapshot()));
        gauge("tandem_stranger_connections", "TCP connections that are strangers, or may be", Population::strangers);
        gauge(
                "tandem_half_open_connections",
                "TCP connections of clients that have not proved themselves",
                Population::halfOpen);
        gauge("tandem_unmatched_connections", "µTP connections without a session", Population::unmatched);
        counter(
                "tandem_decoy_failures_total",
                "Connections to the decoy that failed",
                () -> population.get().decoyFailures());
    }

    private static Map<Bound, Long> all(Map<Bound, Long> hit) {
        Map<Bound, Long> all = new EnumMap<>(Bound.class);
        for (Bound bound : Bound.values()) {
            all.put(bound, hit.getOrDefault(bound, 0L));
        }
        return all;
    }

    private static <E extends Enum<E>> Map<E, Long> only(Set<E> values, Map<E, Long> counts) {
        Map<E, Long> chosen = new EnumMap<>(counts);
        chosen.keySet().retainAll(values);
        return Collections.unmodifiableMap(chosen);
    }

    private void counter(String name, String help, Supplier<Long> count) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(count.get()))
                .register(registry);
    }

    private <E extends Enum<E>> void counters(String name, String help, String label, Supplier<Map<E, Long>> counts) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(callback -> counts.get().forEach((value, times) -> callback.call(times, Labels.of(value))))
                .register(registry);
    }

    private void gauge(String name, String help, ToLongFunction<Population> count) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call((double) count.applyAsLong(population.get())))
                .register(registry);
    }
}
