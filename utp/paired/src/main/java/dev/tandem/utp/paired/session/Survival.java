package dev.tandem.utp.paired.session;

/**
 * How a session outlives what is under it ({@code LINK.md}, section 11). Times in nanoseconds.
 *
 * @param probeNanos a client asks the carrier in use after so long without a sign of it; a server later
 * @param spareProbeNanos the same for the carrier that is not in use
 * @param suspectNanos least silence of TLS, with something owed on it, after which a client dials it anew
 * @param deadNanos silence, with something owed, after which a carrier is given up whatever there is in its place
 * @param detachedNanos how long a session waits without any carrier
 */
public record Survival(long probeNanos, long spareProbeNanos, long suspectNanos, long deadNanos, long detachedNanos) {
    private static final long SECOND = 1_000_000_000;

    /** Keeps the mapping of a NAT that forgets UDP after 30 s and TCP after 120 s. */
    public static final Survival DEFAULT =
            new Survival(25 * SECOND, 100 * SECOND, 3 * SECOND, 30 * SECOND, 60 * SECOND);

    public Survival withDetached(long nanos) {
        return new Survival(probeNanos, spareProbeNanos, suspectNanos, deadNanos, nanos);
    }
}
