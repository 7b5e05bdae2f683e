package dev.tandem.ptspec;

import java.util.function.BiConsumer;

/**
 * A proxy's log: single lines, with addresses taken out unless that is switched off. Where the lines go is the caller's
 * choice: to tor ({@link TransportMessages#log}) for a managed proxy, to a logger otherwise. Safe for use by several
 * threads if the sink is.
 */
public final class ProxyLog {
    private final BiConsumer<Severity, String> sink;
    private final boolean unsafe;

    /**
     * Makes a log.
     *
     * @param unsafe whether addresses stay in
     */
    public ProxyLog(BiConsumer<Severity, String> sink, boolean unsafe) {
        this.sink = sink;
        this.unsafe = unsafe;
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

    private void log(Severity severity, String message) {
        String line = message.replaceAll("\\s*[\\r\\n]+\\s*", " ");
        sink.accept(severity, unsafe ? line : AddressScrubber.scrub(line));
    }
}
