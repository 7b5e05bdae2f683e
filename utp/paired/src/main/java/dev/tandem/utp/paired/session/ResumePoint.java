package dev.tandem.utp.paired.session;

/**
 * Where one side stands when TLS is attached anew ({@code LINK.md}, section 11).
 *
 * @param attempt the pairing of the µTP connection that it has; {@link #NO_UTP} if none
 * @param next the next offset that it expects, the other side's END counted as one
 * @param limit how far the other side may send
 */
public record ResumePoint(int attempt, long next, long limit) {
    /** There is no µTP connection. */
    public static final int NO_UTP = -1;
}
