package dev.tandem.server;

import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.ServerEnvironment;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StartupException;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.ptspec.TransportMessages;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.WarmUp;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The bridge's side as tor runs it: configured by the environment, heard on standard output (pt-spec 3). */
final class ManagedServer {
    static final String TRANSPORT = "utp";

    /** The system property that scripts/archive sets: start, do all that a proxy does, and end. */
    private static final String REHEARSAL = "tandem.rehearsal";

    private final TransportMessages messages;
    private final ProxyLog log;

    ManagedServer(TransportMessages messages, boolean unsafeLogging) {
        this.messages = messages;
        this.log = new ProxyLog(messages::log, unsafeLogging);
    }

    /**
     * Runs until tor wants it to end, or cannot start.
     *
     * @return the process's exit code
     */
    int run(Map<String, String> variables, InputStream stdin) throws InterruptedException {
        ServerEnvironment environment;
        StateFolder folder;
        try {
            // First of all: tor waits for it, and what follows takes time.
            messages.version(ManagedEnvironment.negotiateVersion(variables));
            LibraryLog.leadTo(log);
            environment = ServerEnvironment.parse(variables);
            folder = StateFolder.open(environment.stateLocation());
        } catch (StartupException e) {
            e.report(messages);
            return 1;
        } catch (IOException e) {
            messages.envError(String.valueOf(e.getMessage()));
            return 1;
        }
        // Only the state folder may be written to, and the native library is unpacked before it is loaded.
        System.setProperty("io.netty.native.workdir", folder.path().toString());
        try (ShutdownSignal end = new ShutdownSignal()) {
            if (environment.exitOnStdinClose()) {
                end.watch(stdin);
            } else {
                // An orphan would keep the port from the next one.
                end.watchParent();
                messages.whenBroken(end::raise);
            }
            return run(environment, folder, end);
        }
    }

    private int run(ServerEnvironment environment, StateFolder folder, ShutdownSignal end) throws InterruptedException {
        // A transport that is not ours gets no message at all. A failure is told, and we stay: old tors can crash
        // when a proxy exits before DONE.
        if (environment.transports().contains(TRANSPORT)) {
            try {
                return serve(environment, folder, end);
            } catch (PtParseException | IOException e) {
                messages.smethodError(TRANSPORT, String.valueOf(e.getMessage()));
            }
        }
        messages.smethodsDone();
        end.await();
        return 0;
    }

    @SuppressWarnings("try") // the file with the counters and the metrics have only to be open
    private int serve(ServerEnvironment environment, StateFolder folder, ShutdownSignal end)
            throws PtParseException, IOException, InterruptedException {
        ServerOptions options = ServerOptions.parse("ServerTransportOptions", environment.optionsOf(TRANSPORT));
        log.limit(options.logLinesPerSecond());
        // On two processors at once: each is half of the time until DONE.
        UtpTransports.preload();
        BridgeState state = new BridgeState(folder);
        ServerIdentity identity = state.identity();
        Upstream tor = upstream(environment);
        LinkConfig config = options.applyTo(LinkConfig.DEFAULT, tor.decoy());
        InetSocketAddress address = environment
                .bindAddressOf(TRANSPORT)
                .orElseGet(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (ServerProxy proxy = new ServerProxy(identity, config, tor, log);
                PublishedFile counters = proxy.publishCounters(folder)) {
            InetSocketAddress bound = proxy.requireOtherDecoy(proxy.listen(address));
            state.writeBridgeLine(identity, bound, true);
            messages.smethod(
                    TRANSPORT,
                    bound,
                    TransportArgs.of("cert", identity.bridgeCert().encoded()));
            messages.smethodsDone();
            messages.statusVersion("tandem", ServerMain.version());
            if (Boolean.getBoolean(REHEARSAL)) {
                return WarmUp.rehearseServer() ? 0 : 1;
            }
            proxy.warmUp();
            try (ProxyMetrics metrics = showMetrics(options, proxy)) {
                end.await();
                proxy.drain();
            }
        }
        return 0;
    }

    /** A bridge that cannot show its metrics is a bridge all the same. */
    private @Nullable ProxyMetrics showMetrics(ServerOptions options, ServerProxy proxy) {
        if (options.metrics() == null) {
            return null;
        }
        try {
            return proxy.showMetrics(options.metrics());
        } catch (IOException e) {
            log.warning(e.getMessage() + "; they are not shown");
            return null;
        }
    }

    private static Upstream upstream(ServerEnvironment environment) throws IOException {
        Optional<InetSocketAddress> extended = environment.extendedOrPort();
        InetSocketAddress address = extended.or(environment::orPort).orElseThrow(() -> new IOException("no ORPort"));
        return new Upstream(
                address,
                extended.isPresent() ? environment.authCookieFile().orElse(null) : null,
                environment.outboundBindAddress(address.getAddress()).orElse(null));
    }
}
