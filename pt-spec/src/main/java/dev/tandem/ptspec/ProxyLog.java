package dev.tandem.ptspec;

import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * A proxy's log: single lines, with addresses taken out unless that is switched off, and so many of them in a second that a
 * stranger cannot fill a disk. Where the lines go is the caller's choice: to tor ({@link TransportMessages#log}) for a managed proxy, to
 * a logger otherwise. Safe for use by several threads.
 */
public final class ProxyLog {
    /** Lines in a second, of each of the two kinds, if nobody says otherwise. */
    public static final int DEFAULT_LINES_PER_SECOND = 50;

    /** How many seconds' worth may come at once. */
    private static final int BURST_SECONDS = 4;

    /** How often it is told that lines were left out: a flood of them must not become one of these. */
    private static final long TELL_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Longest line; a text from outside must not make it longer. */
    private static final int MAX_LENGTH = 2_000;

    private final BiConsumer<Severity, String> sink;
    private final boolean unsafe;
    private final LongSupplier nanoTime;

    /** What happens for each connection may be a stranger's doing: it has a budget of its own, and takes nothing from what matters. */
    private TokenBucket forConnections;

    private TokenBucket forOperator;
    private int linesPerSecond;
    private long dropped;
    private long droppedUntold;
    private long toldNanos;

    /**
     * Makes a log.
     *
     * @param unsafe whether addresses stay in
     */
    public ProxyLog(BiConsumer<Severity, String> sink, boolean unsafe) {
        this(sink, unsafe, System::nanoTime);
    }

    ProxyLog(BiConsumer<Severity, String> sink, boolean unsafe, LongSupplier nanoTime) {
        this.sink = sink;
        this.unsafe = unsafe;
        this.nanoTime = nanoTime;
        this.linesPerSecond = DEFAULT_LINES_PER_SECOND;
        this.forConnections = bucket();
        this.forOperator = bucket();
        this.toldNanos = nanoTime.getAsLong() - TELL_NANOS;
    }

    private TokenBucket bucket() {
        return new TokenBucket(linesPerSecond, BURST_SECONDS * linesPerSecond, nanoTime.getAsLong());
    }

    /** Bounds the lines in a second, those for each connection and all others separately. */
    public synchronized void limit(int perSecond) {
        linesPerSecond = perSecond;
        forConnections = bucket();
        forOperator = bucket();
    }

    /** Lines left out so far. */
    public synchronized long droppedLines() {
        return dropped;
    }

    /** Something that the operator or user should act on, or that broke. */
    public void warning(String message) {
        log(Severity.WARNING, message);
    }

    /** Something that happens seldom and is worth knowing. */
    public void notice(String message) {
        log(Severity.NOTICE, message);
    }

    /** Something that happens for each connection. */
    public void info(String message) {
        log(Severity.INFO, message);
    }

    /** The text as it may be shown to people: one line of bounded length, addresses taken out unless they may stay. */
    public String presentable(String message) {
        return presentable(message, unsafe);
    }

    static String presentable(String message, boolean unsafe) {
        String some = message.length() <= 4 * MAX_LENGTH
                ? message
                : message.substring(0, message.lastIndexOf(' ', 4 * MAX_LENGTH) + 1);
        String line = some.replaceAll("\\s*[\\r\\n]+\\s*", " ");
        // Scrubbed first: half an address at the cut would not look like one.
        String scrubbed = unsafe ? line : AddressScrubber.scrub(line);
        return scrubbed.length() <= MAX_LENGTH ? scrubbed : scrubbed.substring(0, MAX_LENGTH) + "...";
    }

    private synchronized void log(Severity severity, String message) {
        TokenBucket budget = severity.compareTo(Severity.NOTICE) > 0 ? forConnections : forOperator;
        long now = nanoTime.getAsLong();
        if (!budget.take(now)) {
            dropped++;
            droppedUntold++;
            return;
        }
        if (droppedUntold > 0 && now - toldNanos >= TELL_NANOS) {
            toldNanos = now;
            sink.accept(
                    Severity.NOTICE,
                    droppedUntold + " lines left out here: there were more than " + linesPerSecond + " in a second");
            droppedUntold = 0;
        }
        sink.accept(severity, presentable(message));
    }
}
