package dev.tandem.server;

import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.ServerEnvironment;
import dev.tandem.ptspec.StartupException;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.StdinWatcher;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.ptspec.TransportMessages;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.WarmUp;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The bridge's side as tor runs it: configured by the environment, heard on standard output (pt-spec 3). */
final class ManagedServer {
    static final String TRANSPORT = "utp";
    private static final String COUNTERS_FILE = "carriers.json";

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
            messages.version(ManagedEnvironment.negotiateVersion(variables));
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
        CountDownLatch ended = new CountDownLatch(1);
        if (environment.exitOnStdinClose()) {
            StdinWatcher.watch(stdin, ended::countDown);
        }
        // A transport that is not ours gets no message at all; a failure is told, and we stay (a proxy that exits
        // before
        // DONE can crash old tors).
        if (environment.transports().contains(TRANSPORT)) {
            try {
                serve(environment, folder, ended);
                return 0;
            } catch (PtParseException | IOException e) {
                messages.smethodError(TRANSPORT, String.valueOf(e.getMessage()));
            }
        }
        messages.smethodsDone();
        ended.await();
        return 0;
    }

    private void serve(ServerEnvironment environment, StateFolder folder, CountDownLatch ended)
            throws PtParseException, IOException, InterruptedException {
        ServerOptions options = ServerOptions.parse(environment.optionsOf(TRANSPORT));
        BridgeState state = new BridgeState(folder);
        ServerIdentity identity = state.identity();
        LinkConfig config = options.linkConfig();
        InetSocketAddress address = environment
                .bindAddressOf(TRANSPORT)
                .orElseGet(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (ServerProxy proxy = new ServerProxy(identity, config, upstream(environment), log);
                PublishedFile counters = new PublishedFile(
                        folder, COUNTERS_FILE, () -> proxy.totals().snapshot().toJson(), log)) {
            InetSocketAddress bound = proxy.listen(address);
            state.writeBridgeLine(identity, bound, true);
            messages.smethod(
                    TRANSPORT,
                    bound,
                    TransportArgs.of("cert", identity.bridgeCert().encoded()));
            messages.smethodsDone();
            WarmUp.start();
            messages.statusVersion("tandem", ServerMain.version());
            Runtime.getRuntime().addShutdownHook(new Thread(counters::close, "last-counters"));
            ended.await();
        }
    }

    private static Upstream upstream(ServerEnvironment environment) throws IOException {
        Optional<InetSocketAddress> extended = environment.extendedOrPort();
        if (extended.isPresent()) {
            return new Upstream(extended.get(), environment.authCookieFile().orElse(null));
        }
        return new Upstream(environment.orPort().orElseThrow(() -> new IOException("no ORPort")), null);
    }
}
