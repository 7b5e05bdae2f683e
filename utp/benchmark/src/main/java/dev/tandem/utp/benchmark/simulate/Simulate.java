package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program {@code simulate}: many clients and one bridge in virtual time. It runs the session's own core
 * ({@code utp/paired}) and the engine with its controllers ({@code utp/protocol}), both ends, on the network of
 * {@code utp/simulation}, on one thread; the same arguments give the same figures. Called as
 * {@code java -Xmx3g -jar benchmark.jar simulate}: one JSON object, {@link Report}, goes to standard output, a line for each run
 * to standard error. The names and units of its fields are those of the records {@link Report}, {@link BridgeResult} and
 * {@link CircuitsResult}; a figure of which there was nothing to measure is null.
 *
 * <h2>Clients and bridge ({@code bridge}: {@link BridgeResult})</h2>
 *
 * <ul>
 *   <li>Network. Each client has an access link of its own: rate toward it from 2 to 50 Mbit/s, evenly distributed on a
 *       logarithmic scale, a fifth of that from it, 1 Mbit/s at least; round-trip time 30 to 250 ms, evenly distributed; no
 *       loss for 70 % of the clients, 0.5 % in each direction for 20 %, 2 % for 10 %. Behind it is the bridge's line, the same
 *       in both directions, for all: 0.1 Mbit/s for each session, which makes it the bottleneck, and, up to
 *       {@value #MAX_SMALL_SESSIONS} sessions, 2 Mbit/s, where the access links are. (Beyond that many sessions the first of
 *       the controllers alone is compared with TLS.) Before each rate is a drop-tail queue of
 *       100 ms, and of 32 KiB at least. MTU 1500. The figures are chosen to span what clients have; they are no survey.
 *   <li>Traffic. Cells of 514 bytes. One client in twenty is a bulk client, which asks for 5 MiB after 5 MiB; the others ask
 *       for 50 KiB, pause for 1 to 20 s, evenly distributed, and ask again. The two kinds, and their share, follow the models
 *       of Tor experiments (R. Jansen, K. Bauer, N. Hopper, R. Dingledine: <i>Methodically Modeling the Tor Network</i>, CSET
 *       2012), whose interactive clients fetch larger pages and pause longer; the sizes are the smallest and the largest of
 *       Tor's own performance measurements (OnionPerf: 50 KiB, 1 MiB, 5 MiB), and the pauses short, so that a short run has
 *       many requests. What is simple here: the bridge has each answer at once, so the rest of the circuit costs nothing; tor's
 *       own flow control (SENDME) and scheduling do not bound a download; no padding, no directory traffic, no new circuits.
 *   <li>Session. {@code utp-NAME} is {@code carrier=auto}: TLS and µTP are dialled together, the session begins on TLS and
 *       goes on over µTP with this controller. {@code tls} is TLS alone. Handshakes have their length and round trips,
 *       records their overhead; nothing is encrypted, and computing takes no time. The server's bounds on sessions and on
 *       handshakes each second are not applied, its memory budget is (512 MiB). A lost TLS carrier is not resumed.
 *   <li>TLS's TCP is <em>not</em> a model of a kernel: it is the engine with its CUBIC and full-size packets, which stands for
 *       a loss-based TCP with SACK and pacing. Its tail-loss and reordering rules are the engine's. Where the kernel lets it,
 *       the link's own TLS has the kernel's BBR, and then does better on lossy paths than {@code tls} does here.
 * </ul>
 *
 * <h2>Circuits ({@code circuits}: {@link CircuitsResult})</h2>
 *
 * What a pluggable transport cannot do, since an unmodified tor hands it one opaque stream: a connection for each circuit, so
 * that what one circuit has lost does not hold up the others. Estimated with the engine alone, on a line of 20 Mbit/s, 100 ms
 * round trip, 100 ms of queue and 1 % loss in each direction: one bulk and four interactive circuits, and eight bulk ones, over one connection
 * or over one each; by themselves, and beside another user's download over one connection. Interactive circuits have a cell each
 * 100 ms on average (exponential). Over one connection the circuits take turns cell by cell, which is close to what tor's
 * scheduler does.
 */
@Command(
        name = "simulate",
        description = "Many clients and a bridge in virtual time: goodput, fairness and delay, as JSON.",
        sortOptions = false)
public final class Simulate implements Callable<Integer> {
    /** Beyond so many sessions an ample bridge, and each controller, would take too many packets to simulate. */
    static final int MAX_SMALL_SESSIONS = 1_000;

    private static final long SCARCE_BITS_PER_SESSION = 100_000;
    private static final long AMPLE_BITS_PER_SESSION = 2_000_000;
    private static final int QUICK_SESSIONS = 100;
    private static final int QUICK_SECONDS = 9;
    private static final int STANDARD_SECONDS = 12;
    private static final int MAX_SECONDS = 3_600;
    private static final int CIRCUITS_TO_BRIDGE_SECONDS = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--sessions",
            paramLabel = "N[,N...]",
            split = ",",
            description = "Sizes of the crowd (default: 1000,10000).")
    private List<Integer> sessions = List.of(1_000, 10_000);

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Virtual time of each run; the first third is not measured (default: 12).")
    private @Nullable Integer seconds;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides what is left to chance (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(
            names = "--congestion",
            paramLabel = "NAME[,NAME...]",
            split = ",",
            description = "Controllers of µTP to compare: bbr, cubic, ledbat, ledbat++ (default: bbr,cubic,ledbat).")
    private List<String> congestion = List.of("bbr", "cubic", "ledbat");

    @Option(names = "--quick", description = "100 sessions for 9 s, unless told otherwise: a few seconds.")
    private boolean quick;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // read by picocli
    private boolean help;

    private final PrintStream out;
    private final PrintStream progress;

    private Simulate(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
    }

    /**
     * Runs the program.
     *
     * @return the exit code: 0, or 2 for arguments that are wrong
     */
    public static int run(String[] args, PrintStream out, PrintStream progress) {
        return new CommandLine(new Simulate(out, progress))
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler((error, rest) -> {
                    progress.println("simulate: " + error.getMessage());
                    return CommandLine.ExitCode.USAGE;
                })
                .execute(args);
    }

    /**
     * All of standard output.
     *
     * @param parameters what was asked for
     * @param bridge one for each number of sessions, rate of the bridge's line and transport
     * @param circuits one for each mix of circuits, connections, rival and controller
     */
    record Report(Parameters parameters, List<BridgeResult> bridge, List<CircuitsResult> circuits) {}

    /**
     * @param seconds virtual time of each run with a bridge
     * @param circuitsSeconds virtual time of each run with circuits
     */
    record Parameters(List<Integer> sessions, int seconds, int circuitsSeconds, long seed, List<String> congestion) {}

    @Override
    public Integer call() {
        Parameters parameters = parameters();
        List<BridgeSetting> bridges = bridgeSettings(parameters);
        List<CircuitsSetting> circuits = circuitsSettings(parameters);
        List<BridgeResult> bridgeResults = new ArrayList<>();
        for (BridgeSetting setting : bridges) {
            BridgeResult result = BridgeRun.of(setting);
            bridgeResults.add(result);
            progress.printf(
                    Locale.ROOT,
                    "simulate: %d of %d, %d sessions, %.0f Mbit/s, %s: %.1f s, %.1f s of the processor%n",
                    bridgeResults.size(),
                    bridges.size() + circuits.size(),
                    result.sessions(),
                    result.bridgeMbit(),
                    result.transport(),
                    result.cost().wallSeconds(),
                    result.cost().cpuSeconds());
        }
        progress.println("simulate: and " + circuits.size() + " of circuits");
        List<CircuitsResult> circuitsResults =
                circuits.stream().map(CircuitsRun::of).toList();
        out.println(Json.of(new Report(parameters, bridgeResults, circuitsResults)));
        return CommandLine.ExitCode.OK;
    }

    private Parameters parameters() {
        boolean told = spec.commandLine().getParseResult().hasMatchedOption("--sessions");
        List<Integer> sizes = quick && !told ? List.of(QUICK_SESSIONS) : sessions;
        int virtual = seconds != null ? seconds : quick ? QUICK_SECONDS : STANDARD_SECONDS;
        if (sizes.stream().anyMatch(size -> size < 1 || size > BridgeSetting.MAX_SESSIONS)) {
            throw usage("--sessions takes numbers from 1 to " + BridgeSetting.MAX_SESSIONS);
        }
        if (virtual < BridgeSetting.MIN_SECONDS || virtual > MAX_SECONDS) {
            throw usage("--seconds takes " + BridgeSetting.MIN_SECONDS + " to " + MAX_SECONDS);
        }
        congestion.forEach(this::control);
        return new Parameters(sizes, virtual, CIRCUITS_TO_BRIDGE_SECONDS * virtual, seed, congestion);
    }

    private CongestionControl control(String name) {
        try {
            return CongestionControl.parse("--congestion", name);
        } catch (IllegalArgumentException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<BridgeSetting> bridgeSettings(Parameters parameters) {
        List<BridgeSetting> settings = new ArrayList<>();
        for (int size : parameters.sessions()) {
            boolean small = size <= MAX_SMALL_SESSIONS;
            for (long bits : small
                    ? List.of(SCARCE_BITS_PER_SESSION, AMPLE_BITS_PER_SESSION)
                    : List.of(SCARCE_BITS_PER_SESSION)) {
                for (Transport transport : transports(small)) {
                    settings.add(
                            new BridgeSetting(size, size * bits, transport, parameters.seconds(), parameters.seed()));
                }
            }
        }
        return settings;
    }

    /** µTP with all controllers, or with the first alone, and TLS. */
    private List<Transport> transports(boolean all) {
        List<Transport> transports = new ArrayList<>();
        for (String name : all ? congestion : congestion.subList(0, 1)) {
            transports.add(Transport.utp(control(name)));
        }
        transports.add(Transport.tls());
        return transports;
    }

    private List<CircuitsSetting> circuitsSettings(Parameters parameters) {
        List<CircuitsSetting> settings = new ArrayList<>();
        // In the quick size with the first controller alone.
        List<String> controllers = quick ? parameters.congestion().subList(0, 1) : parameters.congestion();
        for (String name : controllers) {
            for (int interactive : List.of(4, 0)) {
                for (boolean rival : List.of(false, true)) {
                    for (boolean oneForEach : List.of(false, true)) {
                        settings.add(new CircuitsSetting(
                                interactive == 0 ? 8 : 1,
                                interactive,
                                oneForEach,
                                rival,
                                control(name),
                                parameters.circuitsSeconds(),
                                parameters.seed()));
                    }
                }
            }
        }
        return settings;
    }
}
