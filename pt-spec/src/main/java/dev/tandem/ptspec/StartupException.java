package dev.tandem.ptspec;

/**
 * Why a managed proxy cannot start: the parent process's environment does not allow it.
 *
 * <p>Each kind knows the line that pt-spec 3.3 wants for it; after {@link #report} the proxy must exit. Messages are one line
 * and hold neither passwords nor argument values.
 */
public abstract sealed class StartupException extends Exception {
    private static final long serialVersionUID = 1L;

    private StartupException(String message) {
        super(message);
    }

    /** Writes the one message that tells tor about this failure. */
    public abstract void report(TransportMessages messages);

    /** The parent speaks no version of the protocol that we do: {@code VERSION-ERROR} (pt-spec 3.3.1). */
    public static final class UnsupportedVersion extends StartupException {
        private static final long serialVersionUID = 1L;

        UnsupportedVersion() {
            // "SHOULD be set to no-version for historical reasons" (pt-spec 3.3.1).
            super("no-version");
        }

        @Override
        public void report(TransportMessages messages) {
            messages.versionError("no-version");
        }
    }

    /** A variable is missing, malformed or contradicts another: {@code ENV-ERROR} (pt-spec 3.3.1). */
    public static final class BadEnvironment extends StartupException {
        private static final long serialVersionUID = 1L;

        BadEnvironment(String message) {
            super(message);
        }

        @Override
        public void report(TransportMessages messages) {
            messages.envError(messageOf(this));
        }
    }

    /** {@code TOR_PT_PROXY} is malformed: {@code PROXY-ERROR} (pt-spec 3.3.2). Nothing may then go out directly. */
    public static final class BadUpstreamProxy extends StartupException {
        private static final long serialVersionUID = 1L;

        BadUpstreamProxy(String message) {
            super(message);
        }

        @Override
        public void report(TransportMessages messages) {
            messages.proxyError(messageOf(this));
        }
    }

    private static String messageOf(StartupException e) {
        String message = e.getMessage();
        return message == null ? "" : message;
    }
}
