package dev.tandem.client;

import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.PtParseException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One of several bridges, and whether it has failed lately: until some time it is only tried behind those that have not. Its memory is for
 * one thread, the event loop.
 */
final class KnownBridge {
    /** After the first failure; twice as long after each further one. */
    private static final long FIRST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** And at once for a bridge that has refused: another answer needs somebody to change something. */
    private static final long LONGEST_WAIT_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final String name;
    private final InetSocketAddress address;
    private final ClientArguments arguments;
    private long waitNanos;
    private long retryNanos;

    /** @param name for messages; neither address nor secret */
    KnownBridge(String name, InetSocketAddress address, ClientArguments arguments) {
        this.name = name;
        this.address = address;
        this.arguments = arguments;
    }

    /**
     * Reads a bridge line.
     *
     * @throws PtParseException with one line that names what is wrong, and no secret
     */
    static KnownBridge parse(String name, String line) throws PtParseException {
        BridgeLine parsed = BridgeLine.parse(line);
        if (!parsed.transport().equals(ManagedClient.TRANSPORT)) {
            throw new PtParseException("bridge line: this is the transport utp, not " + parsed.transport());
        }
        return new KnownBridge(name, parsed.address(), ClientArguments.parse(parsed.args()));
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return address;
    }

    ClientArguments arguments() {
        return arguments;
    }

    /** Whether it has failed, and is not to be asked first yet. */
    boolean isFailing(long nowNanos) {
        return waitNanos > 0 && nowNanos - retryNanos < 0;
    }

    /** It took a session. */
    void handleAccepted() {
        waitNanos = 0;
    }

    /** It could not be reached, or had no room. */
    void handleFailed(long nowNanos) {
        // Sessions that are dialled at the same time fail together, and count once.
        if (!isFailing(nowNanos)) {
            wait(waitNanos == 0 ? FIRST_WAIT_NANOS : Math.min(LONGEST_WAIT_NANOS, 2 * waitNanos), nowNanos);
        }
    }

    /** It answered, and does not take us for a client of its own. */
    void handleRefused(long nowNanos) {
        wait(LONGEST_WAIT_NANOS, nowNanos);
    }

    private void wait(long nanos, long nowNanos) {
        waitNanos = nanos;
        retryNanos = nowNanos + nanos;
    }

    /** In which order to ask: as they are given, and those that have failed behind the others, first who has waited longest. */
    static List<KnownBridge> inOrder(List<KnownBridge> bridges, long nowNanos) {
        List<KnownBridge> order = new ArrayList<>(bridges);
        order.sort(Comparator.comparingLong(bridge -> bridge.isFailing(nowNanos) ? bridge.retryNanos - nowNanos : 0));
        return order;
    }

    /** Without address and secret. */
    @Override
    public String toString() {
        return name;
    }
}
