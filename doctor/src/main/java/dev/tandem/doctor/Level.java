package dev.tandem.doctor;

/** How bad a {@link Finding} is. */
public enum Level {
    /** As it should be. */
    OK("ok"),
    /** Nothing to mend, but worth to know; also what could not be looked at. */
    NOTE("note"),
    /** Works, but worse than it could. */
    WARN("warn"),
    /** Does not work. */
    FAIL("FAIL");

    private final String word;

    Level(String word) {
        this.word = word;
    }

    /** The first word of a finding's line. */
    public String word() {
        return word;
    }
}
