package dev.tandem.client;

import dev.tandem.client.doctor.BridgeLineCheck;
import dev.tandem.client.doctor.BridgeProbe;
import dev.tandem.client.doctor.ClientTorrcCheck;
import dev.tandem.client.upstream.UpstreamNetwork;
import dev.tandem.doctor.AppArmorCheck;
import dev.tandem.doctor.Finding;
import dev.tandem.doctor.LocalChecks;
import dev.tandem.doctor.PortCheck;
import dev.tandem.doctor.Program;
import dev.tandem.doctor.Report;
import dev.tandem.doctor.SystemFiles;
import dev.tandem.doctor.TorSetup;
import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.WarmUp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Looks at the machine, a torrc and a bridge, and says what is wrong and what to do. */
@Command(
        name = "doctor",
        description = {
            "Check this machine, and a torrc and a bridge if they are named, and say what is wrong and what to paste where.",
            "One line for each: ok, note, warn or FAIL."
        },
        mixinStandardHelpOptions = true,
        versionProvider = ClientMain.Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:Nothing FAILs.",
            "1:Something FAILs.",
            "2:An option is unknown or malformed.",
            "69:The launcher finds no Java or no JAR."
        })
final class DoctorClient implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--torrc", paramLabel = "FILE", description = "The torrc of the client's tor.")
    private @Nullable Path torrc;

    @Option(
            names = "--service",
            paramLabel = "UNIT",
            description =
                    "The systemd service that starts tor (default: ${DEFAULT-VALUE}); looked at if it reads --torrc.")
    private String service = "tor@default.service";

    @Option(names = "--listen", paramLabel = "ADDR:PORT", description = "Where a standalone client is to listen.")
    private @Nullable String listen;

    @ArgGroup
    private StandaloneClient.@Nullable Bridge bridge;

    @Option(
            names = "--no-rate",
            description = "Do not measure rate, loss and path MTU. That sends up to 16 MiB in 3 s in each direction.")
    private boolean withoutRate;

    @ArgGroup
    private StandaloneClient.@Nullable Upstream upstream;

    @Option(
            names = "--bind-v4",
            paramLabel = "ADDR",
            description = "The local address for bridges (or the proxy) with IPv4, TCP and UDP.")
    private @Nullable String bindV4;

    @Option(names = "--bind-v6", paramLabel = "ADDR", description = "The same for IPv6, without brackets.")
    private @Nullable String bindV6;

    @Option(
            names = "--apparmor",
            description = "Only print the rules that AppArmor's profile of tor's service needs to start this program.")
    private boolean appArmor;

    @Override
    public Integer call() throws InterruptedException {
        // What libraries say would stand between the findings.
        LibraryLog.leadTo(new ProxyLog((severity, line) -> {}, false));
        Report report = new Report(spec.commandLine().getOut());
        try {
            UpstreamProxy through = upstream == null ? null : StandaloneClient.upstreamProxy(upstream);
            LinkConfig config = StandaloneClient.bound(
                    Setting.ofOption("--bind-v4", bindV4), Setting.ofOption("--bind-v6", bindV6));
            InetSocketAddress listening = listen == null ? null : StandaloneClient.listenAddress(listen);
            Program program = Program.of("client-pt", ClientMain.class);
            if (appArmor) {
                AppArmorCheck.rules(program).forEach(spec.commandLine().getOut()::println);
                return CommandLine.ExitCode.OK;
            }
            examine(report, program, listening);
            if (bridge != null) {
                examine(report, bridge, through, config);
            } else {
                report.add(Finding.note("bridge: none was named, none is tried (--bridge, --bridge-file)"));
            }
        } catch (PtParseException | ExitException e) {
            spec.commandLine().getErr().println("client-pt: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
        } catch (IOException e) {
            report.add(Finding.fail(String.valueOf(e.getMessage()), ""));
        }
        return report.hasFailed() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }

    private void examine(Report report, Program program, @Nullable InetSocketAddress listening) throws IOException {
        SystemFiles files = SystemFiles.ofThisMachine();
        report.addAll(LocalChecks.check(files, program));
        if (listening != null) {
            report.add(new PortCheck(files, program.name()).check(listening, false));
        }
        if (torrc != null) {
            TorSetup setup = TorSetup.read(files, program, torrc, service, System.getProperty("user.name"));
            report.addAll(ClientTorrcCheck.check(setup.torrc(), ClientArguments::parse));
            report.addAll(setup.findings());
        } else {
            report.add(Finding.note("torrc: none was named, none is looked at (--torrc)"));
        }
    }

    private void examine(
            Report report, StandaloneClient.Bridge given, @Nullable UpstreamProxy through, LinkConfig config)
            throws IOException, InterruptedException {
        String text = StandaloneClient.bridgeLine(given);
        report.add(BridgeLineCheck.check("bridge line", text, ClientArguments::parse));
        BridgeLine line;
        ClientArguments arguments;
        try {
            line = BridgeLine.parse(text);
            arguments = ClientArguments.parse(line.args());
        } catch (PtParseException e) {
            // Told by the check.
            return;
        }
        if (!line.transport().equals(ManagedClient.TRANSPORT)) {
            return;
        }
        BridgeProbe.Way way = BridgeProbe.Way.DIRECT;
        if (through != null) {
            UpstreamNetwork network = new UpstreamNetwork(through, config);
            way = new BridgeProbe.Way(network, true, network.mayTakeUdp());
        }
        LinkConfig wanted = arguments.options().applyTo(config);
        // Else the times would be those of loading classes: a session within this machine needs all of them.
        WarmUp.rehearse();
        new BridgeProbe(line.address(), arguments.cert(), wanted, way, !withoutRate, BridgeProbe.Patience.DEFAULT)
                .run(report::add);
    }
}
