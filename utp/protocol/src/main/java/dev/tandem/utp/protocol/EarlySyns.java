package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.HalfOpenTable.HalfOpen;
import dev.tandem.utp.protocol.recovery.LossRecovery;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * SYNs of addresses that are not known, kept unanswered for the grace of a {@link SourceFilter}: who dials UDP and another
 * connection, by which it becomes known, at the same time, must not have to send its SYN twice.
 */
final class EarlySyns {
    private final SourceFilter filter;
    /** In the order in which they came, which is that of their deadlines. */
    private final Map<Endpoint.Key, HalfOpen> entries = new LinkedHashMap<>();

    /** How many there are of each address. */
    private final Map<InetAddress, Integer> counts = new HashMap<>();

    private long dropped;

    EarlySyns(SourceFilter filter) {
        this.filter = filter;
    }

    /** SYNs that were never answered: late, too many, or displaced. */
    long dropped() {
        return dropped;
    }

    int size() {
        return entries.size();
    }

    boolean isKept(Endpoint.Key key) {
        return entries.containsKey(key);
    }

    /** A SYN that is not here yet came. */
    void add(long nowNanos, HalfOpen syn) {
        InetAddress source = syn.remote().getAddress();
        if (filter.maxEarly() == 0 || counts.getOrDefault(source, 0) >= filter.maxEarlyPerSource()) {
            dropped++;
            return;
        }
        if (entries.size() >= filter.maxEarly()) {
            dropOldest();
        }
        syn.forgetAt(nowNanos + filter.graceNanos());
        entries.put(syn.key(), syn);
        counts.merge(source, 1, Integer::sum);
    }

    /** Takes those of an address that has become known, in their order. */
    List<HalfOpen> take(InetAddress source) {
        if (counts.remove(source) == null) {
            return List.of();
        }
        List<HalfOpen> taken = new ArrayList<>();
        for (Iterator<HalfOpen> each = entries.values().iterator(); each.hasNext(); ) {
            HalfOpen syn = each.next();
            if (syn.remote().getAddress().equals(source)) {
                taken.add(syn);
                each.remove();
            }
        }
        return taken;
    }

    /** When {@link #onDeadline} is to be called, or {@link LossRecovery#NONE}. */
    long deadline() {
        return entries.isEmpty() ? LossRecovery.NONE : oldest().deadline();
    }

    /** Forgets those whose time has passed. */
    void onDeadline(long nowNanos) {
        while (!entries.isEmpty() && oldest().deadline() - nowNanos <= 0) {
            dropOldest();
        }
    }

    private void dropOldest() {
        HalfOpen oldest = oldest();
        entries.remove(oldest.key());
        counts.computeIfPresent(oldest.remote().getAddress(), (source, count) -> count == 1 ? null : count - 1);
        dropped++;
    }

    private HalfOpen oldest() {
        return entries.values().iterator().next();
    }
}
