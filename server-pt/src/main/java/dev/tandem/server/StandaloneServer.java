package dev.tandem.server;

import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.Severity;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.WarmUp;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.tinylog.Logger;
import org.tinylog.configuration.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Takes sessions without tor, and forwards each to a TCP service. */
@Command(
        name = "standalone",
        description = "Take sessions of a standalone client-pt, and forward each to a TCP service.",
        mixinStandardHelpOptions = true,
        versionProvider = ServerMain.Version.class)
final class StandaloneServer implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--listen",
            required = true,
            paramLabel = "ADDR:PORT",
            description = "Where clients come, by TCP and UDP.")
    private String listen = "";

    @Option(names = "--forward", required = true, paramLabel = "HOST:PORT", description = "Where their bytes go.")
    private String forward = "";

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Keeps the bridge's key and secret (default: ~/.local/state/tandem).")
    private @Nullable Path state;

    @Option(names = "--unsafe-logging", description = "Leave addresses in the log.")
    private boolean unsafeLogging;

    @Option(
            names = {"-v", "--verbose"},
            description = "Log each session.")
    private boolean verbose;

    @Override
    public Integer call() throws InterruptedException {
        if (verbose) {
            Configuration.set("level", "debug");
        }
        ProxyLog log = new ProxyLog(StandaloneServer::log, unsafeLogging);
        try {
            InetSocketAddress address = listenAddress();
            Upstream upstream = new Upstream(resolve(forward), null);
            BridgeState bridge = new BridgeState(StateFolder.open(state == null ? defaultState() : state));
            ServerIdentity identity = bridge.identity();
            try (ServerProxy proxy = new ServerProxy(identity, LinkConfig.DEFAULT, upstream, log)) {
                String line = bridge.writeBridgeLine(identity, proxy.listen(address), false);
                PrintWriter out = spec.commandLine().getOut();
                out.println("clients: client-pt standalone --listen ADDR:PORT --bridge '" + line + "'");
                out.flush();
                WarmUp.start();
                new CountDownLatch(1).await();
                return CommandLine.ExitCode.OK;
            }
        } catch (PtParseException e) {
            return fail(CommandLine.ExitCode.USAGE, e);
        } catch (IOException e) {
            return fail(CommandLine.ExitCode.SOFTWARE, e);
        }
    }

    private int fail(int code, Exception e) {
        spec.commandLine().getErr().println("server-pt: " + e.getMessage());
        return code;
    }

    private InetSocketAddress listenAddress() throws PtParseException {
        try {
            return IpAddresses.parseAddressPort(listen);
        } catch (PtParseException e) {
            throw new PtParseException("--listen: " + e.getMessage());
        }
    }

    private static Path defaultState() {
        return Path.of(System.getProperty("user.home"), ".local", "state", "tandem");
    }

    /** Once, at the start: a name that does not resolve is told at once, and no event loop waits for DNS. */
    private static InetSocketAddress resolve(String hostAndPort) throws PtParseException, IOException {
        int colon = hostAndPort.lastIndexOf(':');
        String host = hostAndPort.substring(0, Math.max(0, colon));
        int port;
        try {
            port = Integer.parseInt(hostAndPort.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new PtParseException("--forward takes HOST:PORT");
        }
        if (host.isEmpty() || port < 1 || port > 65_535) {
            throw new PtParseException("--forward takes HOST:PORT, with a port of 1 to 65535");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new IOException("--forward: the host's name does not resolve", e);
        }
    }

    private static void log(Severity severity, String line) {
        switch (severity) {
            case ERROR, WARNING -> Logger.warn(line);
            case NOTICE -> Logger.info(line);
            case INFO, DEBUG -> Logger.debug(line);
        }
    }
}
