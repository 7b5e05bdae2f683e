package dev.tandem.ptspec;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The one that speaks to tor: writes the messages of pt-spec 3.3 to the proxy's standard output, each as one flushed line.
 *
 * <p>It keeps the order that tor enforces: {@code VERSION}, then {@code PROXY}, then methods of one kind, then {@code DONE}, after which only
 * {@link #log} and {@link #status} are allowed, because a late method message makes tor end the proxy for good. A call out of order is
 * an error of the program: {@link IllegalStateException}, and nothing is written.
 *
 * <p>Messages for people are made fit for one line. Once the output is broken, because tor has died, everything is silently dropped: nothing here
 * throws for that; see {@link #isBroken}. Safe for use by several threads.
 */
public final class TransportMessages {
    private static final Pattern CONTROLS = Pattern.compile("\\p{Cntrl}", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9_-]+");

    /** What has been said so far. */
    private enum State {
        START,
        VERSION_SENT,
        PROXY_SENT,
        CLIENT_METHODS,
        SERVER_METHODS,
        DONE,
        FAILED
    }

    private final OutputStream out;
    private final boolean unsafe;
    private State state = State.START;
    private boolean broken;
    private Runnable whenBroken = () -> {};

    /** Writes to {@code out}, which is never closed. Addresses are taken out of all texts for people. */
    public TransportMessages(OutputStream out) {
        this(out, false);
    }

    /**
     * Writes to {@code out}, which is never closed.
     *
     * @param unsafe whether addresses stay in texts for people
     */
    public TransportMessages(OutputStream out, boolean unsafe) {
        this.out = out;
        this.unsafe = unsafe;
    }

    /** Writes to this process's standard output, to which nothing else may be written. */
    @SuppressForbidden("tor reads the messages of pt-spec from standard output")
    public static TransportMessages standardOutput() {
        return new TransportMessages(System.out);
    }

    /** As {@link #standardOutput()}; {@code unsafe} leaves addresses in texts for people. */
    @SuppressForbidden("tor reads the messages of pt-spec from standard output")
    public static TransportMessages standardOutput(boolean unsafe) {
        return new TransportMessages(System.out, unsafe);
    }

    /** {@code VERSION 1}: first of all, if the parent offers it. */
    public synchronized void version(String version) {
        require(state == State.START, "VERSION");
        line("VERSION " + word(version));
        state = State.VERSION_SENT;
    }

    /** {@code VERSION-ERROR}: instead of {@code VERSION}; the proxy must then exit. */
    public synchronized void versionError(String message) {
        require(state == State.START, "VERSION-ERROR");
        line("VERSION-ERROR " + text(message));
        state = State.FAILED;
    }

    /**
     * {@code ENV-ERROR}: the environment is unusable; the proxy must then exit.
     *
     * <p>tor (0.4.9.11, tried) shows its text only if it comes before {@code VERSION}, which pt-spec does not intend. So behind
     * {@code VERSION} the text goes ahead in a {@code LOG} message, which tor always shows.
     */
    public synchronized void envError(String message) {
        require(state == State.START || state == State.VERSION_SENT, "ENV-ERROR");
        if (state == State.VERSION_SENT) {
            log(Severity.ERROR, text(message));
        }
        line("ENV-ERROR " + text(message));
        state = State.FAILED;
    }

    /** {@code PROXY DONE}: {@code TOR_PT_PROXY} is set and will be used. Without it tor ends the proxy. */
    public synchronized void proxyDone() {
        require(state == State.VERSION_SENT, "PROXY DONE");
        line("PROXY DONE");
        state = State.PROXY_SENT;
    }

    /** {@code PROXY-ERROR}: {@code TOR_PT_PROXY} cannot be used; the proxy must then exit. */
    public synchronized void proxyError(String message) {
        require(state == State.VERSION_SENT, "PROXY-ERROR");
        line("PROXY-ERROR " + text(message));
        state = State.FAILED;
    }

    /** {@code CMETHOD name socks5 ip:port}: the transport's SOCKS5 server listens at {@code address}. */
    public synchronized void cmethod(String transport, InetSocketAddress address) {
        String line = "CMETHOD " + TransportNames.requireValid(transport) + " socks5 " + listening(address);
        methods(State.CLIENT_METHODS, "CMETHOD");
        line(line);
    }

    /** {@code CMETHOD-ERROR name message}: the transport could not be started. */
    public synchronized void cmethodError(String transport, String message) {
        String line = "CMETHOD-ERROR " + TransportNames.requireValid(transport) + " " + text(message);
        methods(State.CLIENT_METHODS, "CMETHOD-ERROR");
        line(line);
    }

    /** {@code CMETHODS DONE}: every client transport that will ever be started has been named. */
    public synchronized void cmethodsDone() {
        methods(State.CLIENT_METHODS, "CMETHODS DONE");
        line("CMETHODS DONE");
        state = State.DONE;
    }

    /**
     * {@code SMETHOD name ip:port [ARGS:k=v,k=v]}: the transport listens at {@code address}; tor publishes it with {@code args}.
     *
     * @param address an unspecified address is replaced by tor's own
     * @param args see {@link TransportArgs#formatSmethod} for what they may hold
     */
    public synchronized void smethod(String transport, InetSocketAddress address, TransportArgs args) {
        String line = "SMETHOD " + TransportNames.requireValid(transport) + " " + listening(address)
                + (args.isEmpty() ? "" : " ARGS:" + args.formatSmethod());
        methods(State.SERVER_METHODS, "SMETHOD");
        line(line);
    }

    /** {@code SMETHOD-ERROR name message}: the transport could not be started. */
    public synchronized void smethodError(String transport, String message) {
        String line = "SMETHOD-ERROR " + TransportNames.requireValid(transport) + " " + text(message);
        methods(State.SERVER_METHODS, "SMETHOD-ERROR");
        line(line);
    }

    /** {@code SMETHODS DONE}: every server transport that will ever be started has been named. */
    public synchronized void smethodsDone() {
        methods(State.SERVER_METHODS, "SMETHODS DONE");
        line("SMETHODS DONE");
        state = State.DONE;
    }

    /**
     * {@code LOG}: a line for tor's log, at any time. tor does not scrub addresses in it, so we do, and writes control characters as they are (0.4.9.11,
     * tried), so these become spaces: nobody can forge a line of the log.
     */
    public synchronized void log(Severity severity, String message) {
        line("LOG SEVERITY=" + severity.keyword() + " MESSAGE="
                + CString.quote(CONTROLS.matcher(scrubbed(message)).replaceAll(" ")));
    }

    /**
     * {@code STATUS TRANSPORT=name K=V …}: news of a transport, at any time.
     *
     * @param values keys of letters, digits, {@code _} and {@code -}; any values, in this order
     */
    public synchronized void status(String transport, Map<String, String> values) {
        StringBuilder line = new StringBuilder("STATUS TRANSPORT=").append(TransportNames.requireValid(transport));
        values.forEach((key, value) -> {
            if (!KEYWORD.matcher(key).matches()) {
                throw new IllegalArgumentException("not a key of a STATUS message");
            }
            line.append(' ').append(key).append('=').append(CString.quoteIfNeeded(scrubbed(value)));
        });
        line(line.toString());
    }

    /** {@code STATUS TYPE=version IMPLEMENTATION=… VERSION=…}: which program this is, at any time. */
    public synchronized void statusVersion(String implementation, String version) {
        line("STATUS TYPE=version IMPLEMENTATION=" + CString.quoteIfNeeded(implementation) + " VERSION="
                + CString.quoteIfNeeded(version));
    }

    /** Whether writing has failed, most likely because tor has died. */
    public synchronized boolean isBroken() {
        return broken;
    }

    /** Runs once, on the thread that writes, when writing fails; at once if it has failed before. */
    public synchronized void whenBroken(Runnable action) {
        whenBroken = action;
        if (broken) {
            action.run();
        }
    }

    private String text(String message) {
        return singleLine(scrubbed(message));
    }

    private String scrubbed(String message) {
        return unsafe ? message : AddressScrubber.scrub(message);
    }

    /** {@code text} as one line of printable ASCII, never empty: tor refuses an error message that is. */
    static String singleLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean space = c <= ' ' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (!space) {
                line.append(c < 0x7f ? c : '?');
            } else if (line.length() > 0 && line.charAt(line.length() - 1) != ' ') {
                line.append(' ');
            }
        }
        String trimmed = line.toString().strip();
        return trimmed.isEmpty() ? "unknown error" : trimmed;
    }

    private void methods(State kind, String message) {
        require(state == State.VERSION_SENT || state == State.PROXY_SENT || state == kind, message);
        state = kind;
    }

    private void require(boolean allowed, String message) {
        if (!allowed) {
            throw new IllegalStateException(message + " in state " + state);
        }
    }

    private static String word(String text) {
        if (text.isEmpty() || !TransportArgs.isPrintableWithoutSpace(text)) {
            throw new IllegalArgumentException("not a word of printable ASCII");
        }
        return text;
    }

    private static String listening(InetSocketAddress address) {
        if (address.getPort() == 0) {
            throw new IllegalArgumentException("port 0: report the port that was bound");
        }
        return IpAddresses.format(address);
    }

    private void line(String line) {
        if (broken) {
            return;
        }
        try {
            // One write, so that no other writer to the same pipe can come between.
            out.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
            broken = out instanceof PrintStream print && print.checkError();
        } catch (IOException e) {
            broken = true;
        }
        if (broken) {
            whenBroken.run();
        }
    }
}
