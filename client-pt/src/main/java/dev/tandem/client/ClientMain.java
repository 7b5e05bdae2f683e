package dev.tandem.client;

import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.TransportMessages;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code client-pt}: managed by tor when the environment says so, standalone otherwise. */
@Command(
        name = "client-pt",
        description = "The client of the utp transport. tor starts it: ClientTransportPlugin utp exec PATH/client-pt",
        mixinStandardHelpOptions = true,
        versionProvider = ClientMain.Version.class,
        subcommands = {StandaloneClient.class, DoctorClient.class})
public final class ClientMain implements Callable<Integer> {
    private static final String UNSAFE_LOGGING = "--unsafe-logging";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = UNSAFE_LOGGING, description = "Leave addresses in the log.")
    private boolean unsafeLogging;

    @Option(
            names = "--metrics",
            paramLabel = "ADDR:PORT|unix:PATH",
            description = "Show metrics to Prometheus at /metrics of that loopback address or Unix socket.")
    private @Nullable String metrics;

    @Option(
            names = "--counters",
            paramLabel = "NAME",
            description = "The file in the state folder that counts what each carrier takes (default: "
                    + "carriers.json). A tor that has a server-pt too has one folder for both: give them two names.")
    private String counters = ManagedClient.COUNTERS_FILE;

    private final Map<String, String> environment;

    /** For the maker of the man pages, which looks at the options of a command that it makes itself. */
    ClientMain() {
        this(System.getenv());
    }

    ClientMain(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Runs the program. */
    public static void main(String[] args) {
        Map<String, String> environment = System.getenv();
        // tor waits for VERSION, and to make a parser of command lines takes longer than all else before it.
        boolean unsafe = Arrays.equals(args, new String[] {UNSAFE_LOGGING});
        if (ManagedEnvironment.isManaged(environment) && (unsafe || args.length == 0)) {
            System.exit(managed(environment, unsafe));
        }
        System.exit(commandLine(environment).execute(args));
    }

    private static int managed(Map<String, String> environment, boolean unsafe) {
        try {
            return runManaged(environment, unsafe, null, ManagedClient.COUNTERS_FILE);
        } catch (InterruptedException | RuntimeException e) {
            return CommandErrors.tellBug(commandLine(environment).getErr(), e);
        }
    }

    private static int runManaged(
            Map<String, String> environment, boolean unsafe, @Nullable String metrics, String counters)
            throws InterruptedException {
        return new ManagedClient(TransportMessages.standardOutput(unsafe), unsafe, metrics, counters)
                .run(environment, System.in);
    }

    static CommandLine commandLine(Map<String, String> environment) {
        CommandErrors errors = new CommandErrors();
        return new CommandLine(new ClientMain(environment))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!ManagedEnvironment.isManaged(environment)) {
            spec.commandLine()
                    .getErr()
                    .println(
                            "client-pt: tor did not start this; use 'client-pt standalone', or see 'client-pt --help'");
            return CommandLine.ExitCode.USAGE;
        }
        // What else is in the folder has other names, and is precious.
        if (!counters.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.json")) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--counters takes a plain file name that ends in .json");
        }
        return runManaged(environment, unsafeLogging, metrics, counters);
    }

    static String version() {
        String version = ClientMain.class.getPackage().getImplementationVersion();
        return version == null ? "unreleased" : version;
    }

    /** Has a command tell the exit codes that are common to both programs. */
    static final class ExitCodes implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            command.usageMessage().exitCodeListHeading("Exit codes:%n").exitCodeList(ExitCode.texts());
            return command;
        }
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"client-pt (Tandem) " + version()};
        }
    }
}
