package dev.tandem.client;

import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.PtParseException;
import org.jspecify.annotations.Nullable;

/**
 * A value that somebody has written, on the command line or in the configuration file.
 *
 * @param code what the program ends with if it is malformed
 * @param where it stands, for messages: the option, or file, line and key
 */
record Setting(ExitCode code, String where, String value) {
    /** Makes something of a value. */
    interface Parser<T> {
        T parse(String value) throws PtParseException;
    }

    /** What an option says; null if it is not there. */
    static @Nullable Setting ofOption(String option, @Nullable String value) {
        return value == null ? null : new Setting(ExitCode.USAGE, option, value);
    }

    /** Reads it; a message says where it stands and what is wrong. */
    <T> T parse(Parser<T> parser) throws ExitException {
        try {
            return parser.parse(value);
        } catch (PtParseException | IllegalArgumentException e) {
            throw new ExitException(code, where + ": " + e.getMessage());
        }
    }

    /** As {@link #parse}, of what may not be there. */
    static <T> @Nullable T parseIfThere(@Nullable Setting setting, Parser<T> parser) throws ExitException {
        return setting == null ? null : setting.parse(parser);
    }

    /** Without the value, which may be a secret. */
    @Override
    public String toString() {
        return where;
    }
}
