package dev.tandem.ptspec;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a program ends, for scripts: one table for both of them. The numbers are those of BSD's {@code sysexits.h} where it has the like; 2 is
 * what the parser of command lines has for usage. A number never changes its meaning.
 */
public enum ExitCode {
    ENDED(0, "It ended in order, by SIGTERM or SIGINT, or said what it was asked."),
    FAILED(1, "Anything else, under tor too, which hears why; or a bug."),
    USAGE(2, "An option is missing, unknown or malformed."),
    /** Of the launchers: {@code scripts/launch.sh}. */
    NO_JAVA(69, "The launcher finds no Java or no JAR."),
    CANNOT_BIND(71, "An address or a socket to listen on cannot be had."),
    NOT_REACHED(75, "--require-bridge: no bridge can be reached, or has room. Again later, perhaps."),
    REFUSED(77, "--require-bridge: all bridges refuse; the cert= is not theirs, or the clock is wrong."),
    CONFIGURATION(78, "A file, folder or name that an option leads to is missing or malformed.");

    private final int number;
    private final String text;

    ExitCode(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** What the process ends with. */
    public int number() {
        return number;
    }

    /** All by their numbers, each with a sentence, for the help of a program. */
    public static Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (ExitCode code : values()) {
            texts.put(Integer.toString(code.number), code.text);
        }
        return texts;
    }
}
