package dev.tandem.utp.benchmark;

import dev.tandem.utp.benchmark.simulate.Simulate;
import java.io.PrintStream;
import java.util.Arrays;

/** The programs of this module by name; {@code scripts/bench} knows how to call them. */
public final class Benchmarks {
    private static final String USAGE = """
            benchmark: expected one of
              micro [JMH's OPTION...]
              link-serve ADDRESS PORT [warm]
              link-dial ADDRESS PORT CARRIER [warm]
              crowd-serve ADDRESS PORT up|down WARM_UP_SECONDS
              crowd-dial ADDRESS PORT up|down WARM_UP_SECONDS CONNECTIONS SECONDS
              idle-dial ADDRESS PORT CERT_FILE SESSIONS
              simulate [OPTION...]""";

    private static final int EXIT_USAGE = 64;

    private Benchmarks() {}

    /** Runs the program that the first argument names. */
    public static void main(String[] args) throws Exception {
        String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
        String program = args.length == 0 ? "" : args[0];
        switch (program) {
            case "micro" -> org.openjdk.jmh.Main.main(rest);
            case "link-serve" -> LinkFlow.serve(rest);
            case "link-dial" -> LinkFlow.dial(rest);
            case "crowd-serve" -> CrowdServer.main(rest, output());
            case "crowd-dial" -> CrowdClient.main(rest, output());
            case "idle-dial" -> IdleClient.main(rest, output());
            case "simulate" -> System.exit(Simulate.run(rest, output(), error()));
            default -> {
                error().println(USAGE);
                System.exit(EXIT_USAGE);
            }
        }
    }

    @SuppressForbidden("the figures go to standard output")
    private static PrintStream output() {
        return System.out;
    }

    @SuppressForbidden("the one place where standard error is known")
    private static PrintStream error() {
        return System.err;
    }
}
