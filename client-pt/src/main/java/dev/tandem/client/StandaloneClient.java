package dev.tandem.client;

import dev.tandem.metrics.LiveLine;
import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.Severity;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.ptspec.Terminal;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.WarmUp;
import dev.tandem.utp.paired.memory.PathMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tinylog.Logger;
import org.tinylog.configuration.Configuration;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Forwards plain TCP connections to a bridge, one session each, without tor. */
@Command(
        name = "standalone",
        description = "Forward TCP connections to what a standalone server-pt forwards to, one session each.",
        mixinStandardHelpOptions = true,
        versionProvider = ClientMain.Version.class,
        modelTransformer = ClientMain.ExitCodes.class)
final class StandaloneClient implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--listen",
            paramLabel = "ADDR:PORT",
            description = "Where to take connections for the bridge; [::]:PORT is IPv6 and IPv4.")
    private @Nullable String listen;

    @ArgGroup
    private @Nullable Bridge bridge;

    /** One of the two; the file keeps the bridge's secret out of the list of processes. */
    static final class Bridge {
        @Option(names = "--bridge", paramLabel = "LINE", description = "The bridge: 'utp ADDR:PORT cert=...'.")
        private @Nullable String line;

        @Option(names = "--bridge-file", paramLabel = "FILE", description = "A file with the bridge line.")
        private @Nullable Path file;
    }

    @Option(
            names = {"-o", "--option"},
            paramLabel = "KEY=VALUE",
            description = "Before what the bridge line says: carrier=, cc=, mtu= or idle=. May be repeated.")
    private List<String> options = List.of();

    @Option(
            names = "--socks",
            paramLabel = "[ADDR:]PORT",
            description = "Take SOCKS5 requests as tor makes them: the target is the bridge, user name and password are"
                    + " its arguments, cert=... and others. Without ADDR for this machine only.")
    private @Nullable String socks;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Bridges and forwards, in TOML, in the place of --listen, --bridge, -o and --socks.")
    private @Nullable Path configFile;

    @Option(
            names = "--require-bridge",
            description = "Ask for a session at the start, and end if a forward has no bridge that would take one.")
    private boolean requireBridge;

    @ArgGroup
    private @Nullable Upstream upstream;

    /** One of the two; the file keeps the proxy's password out of the list of processes. */
    static final class Upstream {
        @Option(
                names = "--proxy",
                paramLabel = "URI",
                description = "Go through this proxy, and never around it: socks4a://[USER@]IP:PORT,"
                        + " socks5://[USER:PASSWORD@]IP:PORT or http://[USER:PASSWORD@]IP:PORT.")
        private @Nullable String uri;

        @Option(names = "--proxy-file", paramLabel = "FILE", description = "A file with the proxy's URI.")
        private @Nullable Path file;
    }

    @Option(
            names = "--bind-v4",
            paramLabel = "ADDR",
            description = "The local address for bridges (or the proxy) with IPv4, TCP and UDP.")
    private @Nullable String bindV4;

    @Option(names = "--bind-v6", paramLabel = "ADDR", description = "The same for IPv6, without brackets.")
    private @Nullable String bindV6;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "A folder for what is learned of networks; without it, that is forgotten at the end.")
    private @Nullable Path state;

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
            spec.commandLine().getErr().println("client-pt: " + log.presentable(String.valueOf(e.getMessage())));
            return e.code().number();
        }
    }

    @SuppressWarnings("try") // the file and the metrics have only to be open
    private void run(ProxyLog log) throws ExitException, InterruptedException {
        ClientConfigFile file = configFile == null ? null : ClientConfigFile.read(configFile);
        List<Forward> forwards = file == null ? forwardOfOptions() : file.forwards();
        InetSocketAddress requests = Setting.parseIfThere(either("socks", socks, file), StandaloneClient::socksAddress);
        if (file != null && (listen != null || bridge != null || socks != null || !options.isEmpty())) {
            throw new ExitException(ExitCode.USAGE, "--config takes the place of --listen, --bridge, -o and --socks");
        }
        if (forwards.isEmpty() && requests == null) {
            throw new ExitException(
                    file == null ? ExitCode.USAGE : ExitCode.CONFIGURATION,
                    file == null
                            ? "--listen and --bridge (or --bridge-file), --socks, or --config are needed"
                            : configFile + ": there is neither a [[forward]] nor socks");
        }
        Upstream way = upstream;
        UpstreamProxy through = way != null
                ? configured(() -> upstreamProxy(way))
                : Setting.parseIfThere(file == null ? null : file.setting("proxy"), UpstreamProxy::parse);
        LinkConfig config = bound(either("bind-v4", bindV4, file), either("bind-v6", bindV6, file));
        boolean required = requireBridge
                || Boolean.TRUE.equals(Setting.parseIfThere(
                        file == null ? null : file.setting("require-bridge"), StandaloneClient::parseTruth));
        Path folder = state;
        if (folder == null && file != null) {
            folder = Setting.parseIfThere(file.setting("state"), Path::of);
        }
        run(log, new Plan(forwards, requests, through, config, folder, either("metrics", metrics, file), required));
    }

    /** All that the command line and the configuration file say. */
    private record Plan(
            List<Forward> forwards,
            @Nullable InetSocketAddress socks,
            @Nullable UpstreamProxy through,
            LinkConfig config,
            @Nullable Path state,
            @Nullable Setting metrics,
            boolean requireBridge) {}

    @SuppressWarnings("try") // the file and the metrics have only to be open
    private void run(ProxyLog log, Plan plan) throws ExitException, InterruptedException {
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        StateFolder folder = plan.state == null ? null : configured(() -> StateFolder.open(plan.state));
        try (ShutdownSignal end = new ShutdownSignal();
                PathMemoryFile paths = folder == null ? null : PathMemoryFile.open(folder, memory, log);
                ClientProxy proxy = new ClientProxy(plan.config, plan.through, memory, log, null);
                ProxyMetrics shown = proxy.showMetrics(plan.metrics)) {
            end.exitWith(ExitCode.ENDED.number());
            if (plan.requireBridge) {
                require(proxy, plan.forwards);
            }
            for (Forward forward : plan.forwards) {
                say("listening on " + IpAddresses.format(bound(() -> proxy.listenPlain(forward), forward.where())));
            }
            if (plan.socks != null) {
                if (!plan.socks.getAddress().isLoopbackAddress()) {
                    log.warning(
                            "SOCKS requests are taken from other machines too: whoever reaches this can dial from here");
                }
                say("SOCKS requests on " + IpAddresses.format(bound(() -> proxy.listenSocks(plan.socks), "socks")));
            }
            WarmUp.start();
            try (LiveLine live = !quiet && Terminal.isStandardError(System.getenv()) ? proxy.showLive() : null) {
                screen = live == null ? screen : live;
                end.await();
                proxy.drain();
            }
        }
    }

    private static void require(ClientProxy proxy, List<Forward> forwards) throws ExitException, InterruptedException {
        for (Forward forward : forwards) {
            switch (proxy.ask(forward)) {
                case TAKEN -> {}
                case REFUSED ->
                    throw new ExitException(
                            ExitCode.REFUSED,
                            "refused by the bridge (all of them, if there are several); is cert= right?");
                case NONE -> throw new ExitException(ExitCode.NOT_REACHED, "no bridge takes a session");
            }
        }
    }

    private void say(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }

    /** What the option says, or else the configuration file. */
    private static @Nullable Setting either(String key, @Nullable String option, @Nullable ClientConfigFile file) {
        return option != null || file == null ? Setting.ofOption("--" + key, option) : file.setting(key);
    }

    private static <T> T configured(ExitException.Step<T> step) throws ExitException {
        return ExitException.rethrow(ExitCode.USAGE, ExitCode.CONFIGURATION, step);
    }

    private static InetSocketAddress bound(ExitException.Step<InetSocketAddress> step, String where)
            throws ExitException {
        try {
            return ExitException.rethrow(ExitCode.USAGE, ExitCode.CANNOT_BIND, step);
        } catch (ExitException e) {
            throw new ExitException(e.code(), where + ": " + e.getMessage());
        }
    }

    private List<Forward> forwardOfOptions() throws ExitException {
        if (listen == null && bridge == null) {
            if (!options.isEmpty()) {
                throw new ExitException(ExitCode.USAGE, "-o is for --bridge; a SOCKS request has its own arguments");
            }
            return List.of();
        }
        if (listen == null || bridge == null) {
            throw new ExitException(
                    ExitCode.USAGE, listen == null ? "--listen is missing" : "--bridge or --bridge-file is missing");
        }
        String address = listen;
        Bridge given = bridge;
        String line = configured(() -> bridgeLine(given));
        KnownBridge known = ExitException.rethrow(
                given.line == null ? ExitCode.CONFIGURATION : ExitCode.USAGE,
                ExitCode.CONFIGURATION,
                () -> KnownBridge.parse("of the command line", line));
        ClientOptions first = configured(() -> ClientOptions.parse("--option", "", split(options)));
        return List.of(new Forward("--listen", configured(() -> listenAddress(address)), List.of(known), first));
    }

    private static TransportArgs split(List<String> options) throws PtParseException {
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

    private static InetSocketAddress socksAddress(String text) throws PtParseException {
        return IpAddresses.parseAddressPort(text.matches("[0-9]+") ? "127.0.0.1:" + text : text);
    }

    private static boolean parseTruth(String text) throws PtParseException {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new PtParseException("it takes true or false");
        };
    }

    static InetSocketAddress listenAddress(String listen) throws PtParseException {
        try {
            return IpAddresses.parseAddressPort(listen);
        } catch (PtParseException e) {
            throw new PtParseException("--listen: " + e.getMessage());
        }
    }

    /** The standard configuration with outbound bind addresses; null for any. */
    static LinkConfig bound(@Nullable Setting bindV4, @Nullable Setting bindV6) throws ExitException {
        return LinkConfig.DEFAULT.withOutboundBind(
                Setting.parseIfThere(bindV4, IpAddresses::parseIpv4),
                Setting.parseIfThere(bindV6, StandaloneClient::parseIpv6));
    }

    static UpstreamProxy upstreamProxy(Upstream upstream) throws IOException, PtParseException {
        String uri = upstream.uri != null
                ? upstream.uri
                : onlyLine("the file with the proxy's URI", Objects.requireNonNull(upstream.file));
        try {
            return UpstreamProxy.parse(uri);
        } catch (PtParseException e) {
            throw new PtParseException((upstream.uri != null ? "--proxy: " : "--proxy-file: ") + e.getMessage());
        }
    }

    /** Not one that maps IPv4. */
    private static InetAddress parseIpv6(String text) throws PtParseException {
        InetAddress address = IpAddresses.parseIpv6(text);
        if (address.getAddress().length == 4) {
            throw new PtParseException("an IPv4 address");
        }
        return address;
    }

    static String bridgeLine(Bridge bridge) throws IOException {
        return bridge.line != null
                ? bridge.line
                : onlyLine("the file with the bridge line", Objects.requireNonNull(bridge.file));
    }

    /** Of a file that may have comments. */
    private static String onlyLine(String what, Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new IOException(what + " cannot be read", e);
        }
        if (lines.size() != 1) {
            throw new IOException(what + " holds " + lines.size() + " lines instead of one");
        }
        return lines.get(0);
    }

    private static void log(Severity severity, String line) {
        switch (severity) {
            case ERROR, WARNING -> Logger.warn(line);
            case NOTICE -> Logger.info(line);
            case INFO, DEBUG -> Logger.debug(line);
        }
    }
}
