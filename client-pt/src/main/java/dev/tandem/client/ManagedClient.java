package dev.tandem.client;

import dev.tandem.ptspec.ClientEnvironment;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StartupException;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.TransportMessages;
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

/** The client as tor runs it: configured by the environment, heard on standard output (pt-spec 3). */
final class ManagedClient {
    static final String TRANSPORT = "utp";
    /** The system property that scripts/archive sets: start, do all that a proxy does, and end. */
    private static final String REHEARSAL = "tandem.rehearsal";

    private static final String COUNTERS_FILE = "carriers.json";

    private final TransportMessages messages;
    private final ProxyLog log;

    ManagedClient(TransportMessages messages, boolean unsafeLogging) {
        this.messages = messages;
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
            // Fail closed: to go out directly would give away the one whom the proxy is to hide.
            messages.proxyError("this version cannot go through an upstream proxy");
            return 1;
        }
        // Only the state folder may be written to, and the native library is unpacked before it is loaded.
        System.setProperty("io.netty.native.workdir", folder.path().toString());
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        try (ShutdownSignal end = new ShutdownSignal();
                PathMemoryFile paths = PathMemoryFile.open(folder, memory, log);
                ClientProxy proxy = new ClientProxy(config(environment), memory, log);
                PublishedFile counters = new PublishedFile(
                        folder, COUNTERS_FILE, () -> proxy.totals().snapshot().toJson(), log)) {
            if (environment.exitOnStdinClose()) {
                end.watch(stdin);
            }
            listen(environment, proxy);
            messages.statusVersion("tandem", ClientMain.version());
            if (Boolean.getBoolean(REHEARSAL)) {
                return WarmUp.rehearse() ? 0 : 1;
            }
            WarmUp.start();
            end.await();
            proxy.drain();
        }
        return 0;
    }

    private void listen(ClientEnvironment environment, ClientProxy proxy) {
        // A transport that is not ours gets no message at all.
        if (environment.transports().contains(TRANSPORT)) {
            try {
                InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
                messages.cmethod(TRANSPORT, proxy.listenSocks(local));
            } catch (IOException e) {
                messages.cmethodError(TRANSPORT, String.valueOf(e.getMessage()));
            }
        }
        messages.cmethodsDone();
    }

    private static LinkConfig config(ClientEnvironment environment) {
        return LinkConfig.DEFAULT.withOutboundBind(
                environment.outboundBindAddressV4().orElse(null),
                environment.outboundBindAddressV6().orElse(null));
    }
}
