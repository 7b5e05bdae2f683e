package dev.tandem.ptspec;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * News of a transport for whoever follows tor's {@code PT_STATUS} events: {@code STATUS TRANSPORT=name K=V} (pt-spec 3.3.4), as used by
 * other transports. What has been said last is not said again, and there are at most {@value #BURST} lines at once, and one in a second. What is
 * beyond that is left out: the next line tells how it is then. Safe for use by several threads.
 */
public final class TransportStatus {
    private static final int BURST = 8;

    private final TransportMessages messages;
    private final String transport;
    private final LongSupplier nanoTime;
    private final TokenBucket budget;
    /** By key: the last line that began with it. */
    private final Map<String, Map<String, String>> told = new HashMap<>();

    /** Writes to {@code messages}, about the transport of that name. */
    public TransportStatus(TransportMessages messages, String transport) {
        this(messages, transport, System::nanoTime);
    }

    TransportStatus(TransportMessages messages, String transport, LongSupplier nanoTime) {
        this.messages = messages;
        this.transport = transport;
        this.nanoTime = nanoTime;
        this.budget = new TokenBucket(1, BURST, nanoTime.getAsLong());
    }

    /** {@code CONNECT=Success}: there is a connection to a bridge. */
    public void connected() {
        tell("CONNECT", "Success", null, "");
    }

    /** {@code CONNECT=Failed ERRSTR=…}: there is none, and why. */
    public void failed(String reason) {
        tell("CONNECT", "Failed", "ERRSTR", reason);
    }

    /** {@code CARRIER=…}: what bytes go over now. */
    public void carrier(String name) {
        tell("CARRIER", name, null, "");
    }

    private synchronized void tell(String key, String value, @Nullable String detail, String text) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put(key, value);
        if (detail != null) {
            line.put(detail, ProxyLog.presentable(text, false));
        }
        if (!line.equals(told.get(key)) && budget.take(nanoTime.getAsLong())) {
            told.put(key, line);
            messages.status(transport, line);
        }
    }
}
