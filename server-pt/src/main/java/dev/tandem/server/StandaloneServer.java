package dev.tandem.server;

import dev.tandem.metrics.LiveLine;
import dev.tandem.metrics.MetricsAddress;
import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.Severity;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.Terminal;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerIdentity;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tinylog.Logger;
import org.tinylog.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Takes sessions without tor, and forwards each to a TCP service. */
@Command(
        name = "standalone",
        description = "Take sessions of a standalone client-pt, and forward each to a TCP service.",
        mixinStandardHelpOptions = true,
        versionProvider = ServerMain.Version.class,
        modelTransformer = ServerMain.ExitCodes.class)
final class StandaloneServer implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--listen",
            required = true,
            paramLabel = "ADDR:PORT",
            description = "Where clients come, by TCP and UDP; [::]:PORT is IPv6 and IPv4.")
    private String listen = "";

    @Option(names = "--forward", required = true, paramLabel = "HOST:PORT", description = "Where their bytes go.")
    private String forward = "";

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Keeps the bridge's key and secret, and counters (default: ~/.local/state/tandem).")
    private @Nullable Path state;

    @Option(
            names = {"-o", "--option"},
            paramLabel = "KEY=VALUE",
            description = "What ServerTransportOptions takes in torrc, such as max-sessions=100. May be repeated.")
    private List<String> options = List.of();

    @Option(
            names = "--metrics",
            paramLabel = "ADDR:PORT|unix:PATH",
            description = "Show metrics to Prometheus at /metrics of that loopback address or Unix socket.")
    private @Nullable String metrics;

    @Option(
            names = {"-q", "--quiet"},
            description = "No line of live statistics on a terminal.")
    private boolean quiet;

    @Option(names = "--unsafe-logging", description = "Leave addresses in the log.")
    private boolean unsafeLogging;

    @Option(
            names = {"-v", "--verbose"},
            description = "Log each session.")
    private boolean verbose;

    /** What writes a line of the log runs through this: a live line makes way for it. */
    private volatile Consumer<Runnable> screen = Runnable::run;

    @Override
    public Integer call() throws InterruptedException {
        if (verbose) {
            Configuration.set("level", "debug");
        }
        ProxyLog log = new ProxyLog((severity, line) -> screen.accept(() -> log(severity, line)), unsafeLogging);
        LibraryLog.leadTo(log);
        try {
            run(log);
            return ExitCode.ENDED.number();
        } catch (ExitException e) {
            spec.commandLine().getErr().println("server-pt: " + log.presentable(String.valueOf(e.getMessage())));
            return e.code().number();
        }
    }

    @SuppressWarnings("try") // the file with the counters and the metrics have only to be open
    private void run(ProxyLog log) throws ExitException, InterruptedException {
        InetSocketAddress address = configured(() -> listenAddress(listen));
        ServerOptions given = configured(() -> ServerOptions.parse("--option", split(options)));
        MetricsAddress shownAt = given.metricsOr("--metrics", metrics);
        log.limit(given.logLinesPerSecond());
        Upstream upstream = configured(
                () -> new Upstream(HostPort.parse("--forward", forward).resolve(), null, null));
        LinkConfig config = configured(() -> given.applyTo(LinkConfig.DEFAULT, null));
        StateFolder folder = configured(() -> StateFolder.open(state == null ? defaultState() : state));
        BridgeState bridge = new BridgeState(folder);
        ServerIdentity identity = configured(bridge::identity);
        try (ShutdownSignal end = new ShutdownSignal();
                ServerProxy proxy = new ServerProxy(identity, config, upstream, log);
                PublishedFile counters = proxy.publishCounters(folder);
                ProxyMetrics shown = proxy.showMetricsIfAsked(shownAt)) {
            end.exitWith(ExitCode.ENDED.number());
            InetSocketAddress bound = bound(() -> proxy.listen(address));
            InetSocketAddress listening = configured(() -> proxy.requireOtherDecoy(bound));
            String line = configured(() -> bridge.writeBridgeLine(identity, listening, false));
            PrintWriter out = spec.commandLine().getOut();
            out.println("clients: client-pt standalone --listen ADDR:PORT --bridge '" + line + "'");
            out.flush();
            proxy.warmUp();
            try (LiveLine live = !quiet && Terminal.isStandardError(System.getenv()) ? proxy.showLive() : null) {
                screen = live == null ? screen : live;
                end.await();
                proxy.drain();
            }
        }
    }

    private static <T> T configured(ExitException.Step<T> step) throws ExitException {
        return ExitException.rethrow(ExitCode.USAGE, ExitCode.CONFIGURATION, step);
    }

    private static <T> T bound(ExitException.Step<T> step) throws ExitException {
        return ExitException.rethrow(ExitCode.USAGE, ExitCode.CANNOT_BIND, step);
    }

    static InetSocketAddress listenAddress(String listen) throws PtParseException {
        try {
            return IpAddresses.parseAddressPort(listen);
        } catch (PtParseException e) {
            throw new PtParseException("--listen: " + e.getMessage());
        }
    }

    static TransportArgs split(List<String> options) throws PtParseException {
        TransportArgs args = TransportArgs.empty();
        for (String option : options) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw new PtParseException("--option takes KEY=VALUE");
            }
            args = args.and(option.substring(0, equals), option.substring(equals + 1));
        }
        return args;
    }

    private static Path defaultState() {
        return Path.of(System.getProperty("user.home"), ".local", "state", "tandem");
    }

    private static void log(Severity severity, String line) {
        switch (severity) {
            case ERROR, WARNING -> Logger.warn(line);
            case NOTICE -> Logger.info(line);
            case INFO, DEBUG -> Logger.debug(line);
        }
    }
}
