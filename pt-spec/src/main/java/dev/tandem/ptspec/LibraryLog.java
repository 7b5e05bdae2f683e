package dev.tandem.ptspec;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Leads what libraries log, and what no code catches, into the proxy's log, so that it is scrubbed and bounded like all else.
 * Libraries that find nothing better, Netty and Bouncy Castle among them, log through {@code java.util.logging}. For a whole process.
 */
public final class LibraryLog {
    /** What libraries call a warning are refused socket options and the like, on which nobody can act. */
    private static final Level LEAST = Level.SEVERE;

    /** Where a bug is, is told by its first frames. */
    private static final int FRAMES = 4;

    /** Held, since the log manager forgets loggers that nobody holds. */
    private static final Logger ROOT = Logger.getLogger("");

    private LibraryLog() {}

    /** From now on, and until the next call, everything goes to {@code log}. */
    public static void leadTo(ProxyLog log) {
        LogManager.getLogManager().reset();
        ROOT.setLevel(LEAST);
        ROOT.addHandler(new Target(log));
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, thrown) -> log.warning("bug in thread " + thread.getName() + ": " + describe(thrown)));
    }

    /** What was thrown, where, and why, in one line. */
    public static String describe(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        @Nullable Throwable cause = thrown;
        for (int depth = 0; cause != null && depth < 3; depth++) {
            text.append(depth == 0 ? "" : ", caused by ").append(cause);
            StackTraceElement[] frames = cause.getStackTrace();
            for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
                text.append(i == 0 ? " at " : " < ").append(frames[i]);
            }
            cause = cause.getCause();
        }
        return text.toString();
    }

    private static final class Target extends Handler {
        private final ProxyLog log;

        Target(ProxyLog log) {
            this.log = log;
            setFormatter(new SimpleFormatter());
        }

        @Override
        public void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                String thrown = entry.getThrown() == null ? "" : ": " + describe(entry.getThrown());
                log.warning(getFormatter().formatMessage(entry) + thrown);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
