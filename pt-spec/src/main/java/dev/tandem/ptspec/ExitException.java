package dev.tandem.ptspec;

import java.io.IOException;
import java.io.Serial;

/** A program cannot go on, and ends. The message is a single line for people, without secrets; addresses may be in it. */
public final class ExitException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final ExitCode code;

    public ExitException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    /** For an exception whose message is such a line. */
    public ExitException(ExitCode code, Exception cause) {
        super(String.valueOf(cause.getMessage()), cause);
        this.code = code;
    }

    /** What the program does that may fail. */
    public interface Step<T> {
        T run() throws IOException, PtParseException;
    }

    /**
     * Runs something.
     *
     * @param malformed the code if what somebody wrote is malformed
     * @param failed the code if it fails otherwise
     */
    public static <T> T rethrow(ExitCode malformed, ExitCode failed, Step<T> step) throws ExitException {
        try {
            return step.run();
        } catch (PtParseException e) {
            throw new ExitException(malformed, e);
        } catch (IOException e) {
            throw new ExitException(failed, e);
        }
    }

    /** What the process is to end with. */
    public ExitCode code() {
        return code;
    }
}
