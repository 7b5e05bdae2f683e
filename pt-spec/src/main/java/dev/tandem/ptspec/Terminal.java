package dev.tandem.ptspec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Whether somebody looks at what is written. */
public final class Terminal {
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private Terminal() {}

    /**
     * Whether standard error is a terminal on which a line can be written anew. {@code System.console()} tells of standard input and
     * output only, and from Java 22 on nothing by being there; Linux names what is behind a descriptor. False elsewhere.
     */
    public static boolean isStandardError(Map<String, String> environment) {
        return isTerminal(environment, STANDARD_ERROR);
    }

    static boolean isTerminal(Map<String, String> environment, Path descriptor) {
        String kind = environment.getOrDefault("TERM", "dumb");
        try {
            return !kind.isEmpty()
                    && !kind.equals("dumb")
                    && Files.readSymbolicLink(descriptor)
                            .toString()
                            .matches("/dev/(pts/[0-9]+|tty[A-Za-z0-9]+|console)");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
