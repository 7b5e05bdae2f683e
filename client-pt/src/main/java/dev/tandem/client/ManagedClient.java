package dev.tandem.client;

import dev.tandem.metrics.MetricsAddress;
import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.ClientEnvironment;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StartupException;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.TransportMessages;
import dev.tandem.ptspec.TransportStatus;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.WarmUp;
import dev.tandem.utp.paired.memory.PathMemory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The client as tor runs it: configured by the environment, heard on standard output (pt-spec 3). */
final class ManagedClient {
    static final String TRANSPORT = "utp";
    /** The system property that scripts/archive sets: start, do all that a proxy does, and end. */
    private static final String REHEARSAL = "tandem.rehearsal";

    /** In the state folder, which is also that of the server of a tor which has both. */
    static final String COUNTERS_FILE = "carriers.json";

    private final TransportMessages messages;
    private final ProxyLog log;
    private final @Nullable String metrics;
    private final String countersFile;

    /**
     * A client that has not begun.
     *
     * @param metrics what {@code --metrics} said; null if nothing
     * @param countersFile what {@code --counters} said, or {@link #COUNTERS_FILE}
     */
    ManagedClient(TransportMessages messages, boolean unsafeLogging, @Nullable String metrics, String countersFile) {
        this.messages = messages;
        this.metrics = metrics;
        this.countersFile = countersFile;
        this.log = new ProxyLog(messages::log, unsafeLogging);
    }

    /**
     * Runs until tor wants it to end, or cannot start.
     *
     * @return the process's exit code
     */
    @SuppressWarnings("try") // the files have only to be open
    int run(Map<String, String> variables, InputStream stdin) throws InterruptedException {
        ClientEnvironment environment;
        StateFolder folder;
        try {
            // First of all: tor waits for it, and what follows takes time.
            messages.version(ManagedEnvironment.negotiateVersion(variables));
            LibraryLog.leadTo(log);
            environment = ClientEnvironment.parse(variables);
            folder = StateFolder.open(environment.stateLocation());
        } catch (StartupException e) {
            e.report(messages);
            return 1;
        } catch (IOException e) {
            messages.envError(String.valueOf(e.getMessage()));
            return 1;
        }
        if (environment.upstreamProxy().isPresent()) {
            // Without it tor ends the client. Whether the proxy is there shows with each session.
            messages.proxyDone();
        }
        // Only the state folder may be written to, and the native library is unpacked before it is loaded.
        System.setProperty("io.netty.native.workdir", folder.path().toString());
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        try (ShutdownSignal end = new ShutdownSignal();
                PathMemoryFile paths = PathMemoryFile.open(folder, memory, log);
                ClientProxy proxy = new ClientProxy(
                        config(environment),
                        environment.upstreamProxy().orElse(null),
                        memory,
                        log,
                        new TransportStatus(messages, TRANSPORT));
                PublishedFile counters = new PublishedFile(
                        folder, countersFile, () -> proxy.totals().snapshot().toJson(), log)) {
            if (environment.exitOnStdinClose()) {
                end.watch(stdin);
            } else {
                // An orphan would keep its connections for nobody.
                end.watchParent();
                messages.whenBroken(end::raise);
            }
            MetricsAddress shownAt = listen(environment, proxy);
            messages.statusVersion("tandem", ClientMain.version());
            if (Boolean.getBoolean(REHEARSAL)) {
                return WarmUp.rehearse() && proxy.rehearse() ? 0 : 1;
            }
            WarmUp.start();
            try (ProxyMetrics shown = showMetrics(shownAt, proxy)) {
                end.await();
                proxy.drain();
            }
        }
        return 0;
    }

    /** A client that cannot show its metrics is a client all the same. */
    private @Nullable ProxyMetrics showMetrics(@Nullable MetricsAddress address, ClientProxy proxy) {
        try {
            return address == null ? null : proxy.showMetrics(address);
        } catch (IOException e) {
            log.warning(e.getMessage() + "; they are not shown");
            return null;
        }
    }

    /** Returns where metrics are to be shown; null for nowhere. */
    private @Nullable MetricsAddress listen(ClientEnvironment environment, ClientProxy proxy) {
        MetricsAddress shownAt = null;
        // A transport that is not ours gets no message at all.
        if (environment.transports().contains(TRANSPORT)) {
            try {
                shownAt = metrics == null ? null : MetricsAddress.parse("--metrics", metrics);
                InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
                messages.cmethod(TRANSPORT, proxy.listenSocks(local));
            } catch (IOException | IllegalArgumentException e) {
                messages.cmethodError(TRANSPORT, String.valueOf(e.getMessage()));
            }
        }
        messages.cmethodsDone();
        return shownAt;
    }

    private static LinkConfig config(ClientEnvironment environment) {
        return LinkConfig.DEFAULT.withOutboundBind(
                environment.outboundBindAddressV4().orElse(null),
                environment.outboundBindAddressV6().orElse(null));
    }
}
