package dev.tandem.server;

import dev.tandem.ptspec.AddressScrubber;
import dev.tandem.ptspec.LibraryLog;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What the command line says of its errors: one line each. No argument is repeated but the name of an option, since it may be the half of a bridge
 * line behind a missing quote; under tor, the line ends in tor's log.
 */
final class CommandErrors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    @Override
    public int handleParseException(ParameterException e, String[] args) {
        e.getCommandLine().getErr().println("server-pt: " + text(e) + "; see --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static String text(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().isEmpty()
                    ? ""
                    : unmatched.getUnmatched().get(0);
            return first.matches("--?[a-z-]+(=.*)?")
                    ? "there is no option " + first.replaceFirst("=.*", "")
                    : "an argument that is none: is something not quoted?";
        }
        return AddressScrubber.scrub(
                String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage"));
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        return tellBug(commandLine.getErr(), e);
    }

    /** One line of what should not have happened; returns the exit code. */
    static int tellBug(PrintWriter err, Exception e) {
        err.println("server-pt: bug: " + AddressScrubber.scrub(LibraryLog.describe(e)));
        return CommandLine.ExitCode.SOFTWARE;
    }
}
