package dev.tandem.server;

import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ManagedEnvironment;
import dev.tandem.ptspec.TransportMessages;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code server-pt}: managed by tor when the environment says so, standalone otherwise. */
@Command(
        name = "server-pt",
        description =
                "The bridge's side of the utp transport. tor starts it: ServerTransportPlugin utp exec PATH/server-pt",
        mixinStandardHelpOptions = true,
        versionProvider = ServerMain.Version.class,
        subcommands = {StandaloneServer.class, DoctorServer.class})
public final class ServerMain implements Callable<Integer> {
    private static final String UNSAFE_LOGGING = "--unsafe-logging";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = UNSAFE_LOGGING, description = "Leave addresses in the log.")
    private boolean unsafeLogging;

    private final Map<String, String> environment;

    /** For the maker of the man pages, which looks at the options of a command that it makes itself. */
    ServerMain() {
        this(System.getenv());
    }

    ServerMain(Map<String, String> environment) {
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
            return runManaged(environment, unsafe);
        } catch (InterruptedException | RuntimeException e) {
            return CommandErrors.tellBug(commandLine(environment).getErr(), e);
        }
    }

    private static int runManaged(Map<String, String> environment, boolean unsafe) throws InterruptedException {
        return new ManagedServer(TransportMessages.standardOutput(unsafe), unsafe).run(environment, System.in);
    }

    static CommandLine commandLine(Map<String, String> environment) {
        CommandErrors errors = new CommandErrors();
        return new CommandLine(new ServerMain(environment))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!ManagedEnvironment.isManaged(environment)) {
            spec.commandLine()
                    .getErr()
                    .println(
                            "server-pt: tor did not start this; use 'server-pt standalone', or see 'server-pt --help'");
            return CommandLine.ExitCode.USAGE;
        }
        return runManaged(environment, unsafeLogging);
    }

    static String version() {
        String version = ServerMain.class.getPackage().getImplementationVersion();
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
            return new String[] {"server-pt (Tandem) " + version()};
        }
    }
}
