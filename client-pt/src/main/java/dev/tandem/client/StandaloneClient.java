package dev.tandem.client;

import dev.tandem.metrics.ProxyMetrics;
import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.Severity;
import dev.tandem.ptspec.ShutdownSignal;
import dev.tandem.ptspec.StateFolder;
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
import org.jspecify.annotations.Nullable;
import org.tinylog.Logger;
import org.tinylog.configuration.Configuration;
import picocli.CommandLine;
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
        versionProvider = ClientMain.Version.class)
final class StandaloneClient implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--listen", required = true, paramLabel = "ADDR:PORT", description = "Where to take connections.")
    private String listen = "";

    @ArgGroup(multiplicity = "1")
    private Bridge bridge = new Bridge();

    /** One of the two; the file keeps the bridge's secret out of the list of processes. */
    static final class Bridge {
        @Option(names = "--bridge", paramLabel = "LINE", description = "The bridge: 'utp ADDR:PORT cert=...'.")
        private @Nullable String line;

        @Option(names = "--bridge-file", paramLabel = "FILE", description = "A file with the bridge line.")
        private @Nullable Path file;
    }

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

    @Option(names = "--unsafe-logging", description = "Leave addresses in the log.")
    private boolean unsafeLogging;

    @Option(
            names = {"-v", "--verbose"},
            description = "Log each session.")
    private boolean verbose;

    @Override
    @SuppressWarnings("try") // the file and the metrics have only to be open
    public Integer call() throws InterruptedException {
        if (verbose) {
            Configuration.set("level", "debug");
        }
        ProxyLog log = new ProxyLog(StandaloneClient::log, unsafeLogging);
        LibraryLog.leadTo(log);
        PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
        UpstreamProxy through;
        LinkConfig config;
        try {
            through = upstreamProxy(upstream);
            config = bound(bindV4, bindV6);
        } catch (PtParseException e) {
            return fail(log, CommandLine.ExitCode.USAGE, e);
        } catch (IOException e) {
            return fail(log, CommandLine.ExitCode.SOFTWARE, e);
        }
        try (ShutdownSignal end = new ShutdownSignal();
                PathMemoryFile paths =
                        state == null ? null : PathMemoryFile.open(StateFolder.open(state), memory, log);
                ClientProxy proxy = new ClientProxy(config, through, memory, log, null);
                ProxyMetrics shown = proxy.showMetrics("--metrics", metrics)) {
            BridgeLine line = BridgeLine.parse(bridgeLine(bridge));
            if (!line.transport().equals(ManagedClient.TRANSPORT)) {
                throw new PtParseException("bridge line: this is the transport utp, not " + line.transport());
            }
            InetSocketAddress address = listenAddress(listen);
            InetSocketAddress bound = proxy.listenPlain(address, line.address(), ClientArguments.parse(line.args()));
            spec.commandLine().getOut().println("listening on " + IpAddresses.format(bound));
            spec.commandLine().getOut().flush();
            WarmUp.start();
            end.await();
            proxy.drain();
            return CommandLine.ExitCode.OK;
        } catch (PtParseException e) {
            return fail(log, CommandLine.ExitCode.USAGE, e);
        } catch (IOException e) {
            return fail(log, CommandLine.ExitCode.SOFTWARE, e);
        }
    }

    private int fail(ProxyLog log, int code, Exception e) {
        spec.commandLine().getErr().println("client-pt: " + log.presentable(String.valueOf(e.getMessage())));
        return code;
    }

    static InetSocketAddress listenAddress(String listen) throws PtParseException {
        try {
            return IpAddresses.parseAddressPort(listen);
        } catch (PtParseException e) {
            throw new PtParseException("--listen: " + e.getMessage());
        }
    }

    static @Nullable UpstreamProxy upstreamProxy(@Nullable Upstream upstream) throws IOException, PtParseException {
        if (upstream == null) {
            return null;
        }
        String uri = upstream.uri != null
                ? upstream.uri
                : onlyLine("the file with the proxy's URI", Objects.requireNonNull(upstream.file));
        try {
            return UpstreamProxy.parse(uri);
        } catch (PtParseException e) {
            throw new PtParseException((upstream.uri != null ? "--proxy: " : "--proxy-file: ") + e.getMessage());
        }
    }

    /** The standard configuration with outbound bind addresses; null for any. */
    static LinkConfig bound(@Nullable String bindV4, @Nullable String bindV6) throws PtParseException {
        return LinkConfig.DEFAULT.withOutboundBind(
                address("--bind-v4", bindV4, IpAddresses::parseIpv4),
                address("--bind-v6", bindV6, StandaloneClient::parseIpv6));
    }

    private interface AddressParser {
        InetAddress parse(String text) throws PtParseException;
    }

    private static @Nullable InetAddress address(String option, @Nullable String value, AddressParser parser)
            throws PtParseException {
        try {
            return value == null ? null : parser.parse(value);
        } catch (PtParseException e) {
            throw new PtParseException(option + ": " + e.getMessage());
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
