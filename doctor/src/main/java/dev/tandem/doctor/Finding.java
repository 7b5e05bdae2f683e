package dev.tandem.doctor;

import java.util.List;

/**
 * What one check found.
 *
 * @param text one line
 * @param explanation why it is so and what to do; empty if there is nothing to explain
 * @param paste lines to paste as they are, each behind where it belongs if that is not said in the explanation
 */
public record Finding(Level level, String text, String explanation, List<String> paste) {
    /** Copies the lines. */
    public Finding {
        paste = List.copyOf(paste);
    }

    /** All is well. */
    public static Finding ok(String text) {
        return new Finding(Level.OK, text, "", List.of());
    }

    /** Worth to know. */
    public static Finding note(String text) {
        return new Finding(Level.NOTE, text, "", List.of());
    }

    /** Worth to know, with an explanation. */
    public static Finding note(String text, String explanation, String... paste) {
        return new Finding(Level.NOTE, text, explanation, List.of(paste));
    }

    /** Could be better. */
    public static Finding warn(String text, String explanation, String... paste) {
        return new Finding(Level.WARN, text, explanation, List.of(paste));
    }

    /** Does not work. */
    public static Finding fail(String text, String explanation, String... paste) {
        return new Finding(Level.FAIL, text, explanation, List.of(paste));
    }

    /** The same with another level. */
    public Finding as(Level other) {
        return new Finding(other, text, explanation, paste);
    }
}
