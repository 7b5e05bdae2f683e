package dev.tandem.server;

import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.Severity;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.WarmUp;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
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
            names = "--decoy",
            paramLabel = "HOST:PORT",
            description = "A web server (TLS) that those meet who are no clients (default: a small one of its own).")
    private @Nullable String decoy;

    @Option(
            names = "--udp-source",
            paramLabel = "client|any",
            description = "Whom UDP answers: addresses with a client's TCP connection, or anybody (default: client).")
    private String udpSource = "client";

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
            Upstream upstream =
                    new Upstream(HostPort.parse("--forward", forward).resolve(), null);
            HostPort wanted = decoy == null ? null : HostPort.parse("--decoy", decoy);
            LinkConfig config = LinkConfig.DEFAULT.withStrangers(StrangerConfig.DEFAULT
                    .withDecoy(wanted == null ? null : wanted.resolve())
                    .withAnyUdpSource(ServerOptions.anyUdpSource("--udp-source", udpSource)));
            BridgeState bridge = new BridgeState(StateFolder.open(state == null ? defaultState() : state));
            ServerIdentity identity = bridge.identity();
            try (ServerProxy proxy = new ServerProxy(identity, config, upstream, log)) {
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

    private static void log(Severity severity, String line) {
        switch (severity) {
            case ERROR, WARNING -> Logger.warn(line);
            case NOTICE -> Logger.info(line);
            case INFO, DEBUG -> Logger.debug(line);
        }
    }
}
