package dev.tandem.server;

import dev.tandem.doctor.AppArmorCheck;
import dev.tandem.doctor.DescriptorCheck;
import dev.tandem.doctor.Finding;
import dev.tandem.doctor.LocalChecks;
import dev.tandem.doctor.PortCheck;
import dev.tandem.doctor.Program;
import dev.tandem.doctor.Report;
import dev.tandem.doctor.ServiceUnit;
import dev.tandem.doctor.SystemFiles;
import dev.tandem.doctor.TorSetup;
import dev.tandem.ptspec.LibraryLog;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.server.doctor.ServerBehindCheck;
import dev.tandem.server.doctor.ServerTorrcCheck;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.strangers.Decoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Looks at the machine and a bridge's configuration, and says what is wrong and what to do. */
@Command(
        name = "doctor",
        description = {
            "Check this machine, and a bridge's torrc or a standalone server's options if they are given, and say what is wrong"
                    + " and what to paste where.",
            "One line for each: ok, note, warn or FAIL."
        },
        mixinStandardHelpOptions = true,
        versionProvider = ServerMain.Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:Nothing FAILs.",
            "1:Something FAILs.",
            "2:An option is unknown or malformed.",
            "69:The launcher finds no Java or no JAR."
        })
final class DoctorServer implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** Strangers who wait for their turn, beside those who are served. */
    private static final int WAITING = 256;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--torrc", paramLabel = "FILE", description = "The torrc of the bridge's tor.")
    private @Nullable Path torrc;

    @Option(
            names = "--service",
            paramLabel = "UNIT",
            description =
                    "The systemd service that starts tor (default: ${DEFAULT-VALUE}); looked at if it reads --torrc.")
    private String service = "tor@default.service";

    @Option(
            names = "--listen",
            paramLabel = "ADDR:PORT",
            description = "Where a standalone server is to listen, by TCP and UDP.")
    private @Nullable String listen;

    @Option(names = "--forward", paramLabel = "HOST:PORT", description = "Where a standalone server is to forward to.")
    private @Nullable String forward;

    @Option(
            names = {"-o", "--option"},
            paramLabel = "KEY=VALUE",
            description = "What a standalone server is given by -o. May be repeated.")
    private List<String> options = List.of();

    @Option(
            names = "--apparmor",
            description = "Only print the rules that AppArmor's profile of tor's service needs to start this program.")
    private boolean appArmor;

    @Override
    public Integer call() {
        // What libraries say would stand between the findings.
        LibraryLog.leadTo(new ProxyLog((severity, line) -> {}, false));
        Report report = new Report(spec.commandLine().getOut());
        SystemFiles files = SystemFiles.ofThisMachine();
        try {
            InetSocketAddress listening = listen == null ? null : StandaloneServer.listenAddress(listen);
            HostPort target = forward == null ? null : HostPort.parse("--forward", forward);
            TransportArgs given = StandaloneServer.split(options);
            Program program = Program.of("server-pt", ServerMain.class);
            if (appArmor) {
                AppArmorCheck.rules(program).forEach(spec.commandLine().getOut()::println);
                return CommandLine.ExitCode.OK;
            }
            report.addAll(LocalChecks.check(files, program));
            if (torrc != null) {
                TorSetup setup = TorSetup.read(files, program, torrc, service, System.getProperty("user.name"));
                report.addAll(setup.findings());
                examine(report, files, setup);
            } else {
                report.add(Finding.note("torrc: none was named, none is looked at (--torrc)"));
            }
            if (listening != null || target != null || !given.isEmpty()) {
                examine(report, files, listening, target, given);
            }
        } catch (PtParseException e) {
            spec.commandLine().getErr().println("server-pt: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
        } catch (IOException e) {
            report.add(Finding.fail(String.valueOf(e.getMessage()), ""));
        }
        return report.hasFailed() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }

    /** A bridge under tor. */
    private void examine(Report report, SystemFiles files, TorSetup setup) {
        ServerTorrcCheck lines = new ServerTorrcCheck(setup.torrc());
        report.addAll(lines.findings());
        InetSocketAddress listening = lines.listening();
        ServiceUnit unit = setup.unit();
        // tor tells the proxy where it is; any address will do here.
        Decoy tor = Decoy.orPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        LinkConfig config = options(report, "ServerTransportOptions", lines.options(), listening, tor);
        boolean udp = config == null || config.policy() != CarrierPolicy.TLS;
        if (listening != null) {
            PortCheck port = new PortCheck(files, "server-pt");
            report.add(port.checkForTor(listening, udp, setup.user(), unit));
        }
        OptionalLong limit = unit == null ? DescriptorCheck.limitOfThisProcess(files) : DescriptorCheck.limitOf(unit);
        String whose = unit == null ? "this shell" : unit.name();
        descriptors(report, config, limit, whose, Optional.ofNullable(unit).map(ServiceUnit::name));
    }

    /** A standalone one. */
    private void examine(
            Report report,
            SystemFiles files,
            @Nullable InetSocketAddress listening,
            @Nullable HostPort target,
            TransportArgs given)
            throws IOException {
        LinkConfig config = options(report, "--option", given, listening, null);
        if (listening != null) {
            boolean udp = config == null || config.policy() != CarrierPolicy.TLS;
            report.add(new PortCheck(files, "server-pt").check(listening, udp));
        }
        if (target != null) {
            report.add(new ServerBehindCheck(TIMEOUT).forward("--forward", target.resolve()));
        }
        descriptors(report, config, DescriptorCheck.limitOfThisProcess(files), "this shell", Optional.empty());
    }

    private static void descriptors(
            Report report, @Nullable LinkConfig config, OptionalLong limit, String whose, Optional<String> unit) {
        if (config != null) {
            // A stranger has a connection to the decoy as well.
            long others = 2L * config.strangers().maxStrangers()
                    + WAITING
                    + config.limits().halfOpen();
            report.add(DescriptorCheck.check(limit, whose, unit, config.limits().sessions(), others));
        }
    }

    /**
     * Whether they are accepted.
     *
     * @param tor null if there is none
     * @return null if they are not
     */
    private static @Nullable LinkConfig options(
            Report report,
            String where,
            TransportArgs args,
            @Nullable InetSocketAddress listening,
            @Nullable Decoy tor) {
        LinkConfig config;
        try {
            config = ServerOptions.parse(where, args).applyTo(LinkConfig.DEFAULT, tor);
        } catch (PtParseException | IOException e) {
            report.add(
                    Finding.fail(
                            String.valueOf(e.getMessage()),
                            "The bridge does not start with these. What each takes is told by man server-pt, and by pt-spec/OPTIONS.md."));
            return null;
        }
        if (!args.isEmpty()) {
            report.add(Finding.ok(where + ": " + args.entries().size() + " accepted"));
        }
        if (config.strangers().orPort()) {
            report.add(Finding.ok("decoy: strangers reach tor's ORPort"));
            return config;
        }
        Decoy decoy = config.strangers().decoy();
        report.add(
                decoy != null
                        ? new ServerBehindCheck(TIMEOUT)
                                .decoy(
                                        decoy.address(),
                                        listening,
                                        InstantSource.system().instant())
                        : Finding.note(
                                "decoy: there is none",
                                "Strangers meet a small web server of this program, which can be told from a common one. With a web"
                                        + " server of yours on this machine, in torrc (or, standalone, behind -o):",
                                "ServerTransportOptions utp decoy=127.0.0.1:8443"));
        return config;
    }
}
