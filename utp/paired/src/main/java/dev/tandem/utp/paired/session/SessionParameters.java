package dev.tandem.utp.paired.session;

/**
 * What a session core is told. Times in nanoseconds.
 *
 * @param retainBytes most bytes kept for sending again
 * @param receiveBytes the credit that the other side has beyond what was delivered
 * @param unsentBytes with more than this waiting for a carrier, the session is not writable
 * @param ackBytes bytes received that make an ACK due
 * @param ackDelayNanos time after which an ACK is due
 * @param stallNanos least time without progress after which µTP counts as stalled
 * @param abandonNanos how long a stalled µTP connection may take to answer before it is given up
 * @param redialNanos least time from one dial of µTP to the next; a quarter of the time without one that lasted, if that is more
 * @param redialCapNanos most that this time grows to
 * @param healthyNanos a µTP connection that lived so long makes up for earlier failures
 * @param maxDialFailures after so many failures in a row µTP is given up for this session
 * @param pairingNanos how long a dial may take until it is confirmed
 * @param survival how the session outlives its carriers
 */
public record SessionParameters(
        int retainBytes,
        int receiveBytes,
        int unsentBytes,
        int ackBytes,
        long ackDelayNanos,
        long stallNanos,
        long abandonNanos,
        long redialNanos,
        long redialCapNanos,
        long healthyNanos,
        int maxDialFailures,
        long pairingNanos,
        Survival survival) {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1000 * MILLI;

    /** What both sides allow each other before either has said more ({@code LINK.md}, section 7). */
    public static final int INITIAL_CREDIT = 64 * 1024;

    public static final SessionParameters DEFAULT = new SessionParameters(
            4 << 20,
            4 << 20,
            4 * 1024,
            64 * 1024,
            25 * MILLI,
            SECOND,
            5 * SECOND,
            5 * SECOND,
            60 * SECOND,
            30 * SECOND,
            64,
            10 * SECOND,
            Survival.DEFAULT);

    public SessionParameters withBuffers(int retain, int receive) {
        return new SessionParameters(
                retain,
                receive,
                unsentBytes,
                ackBytes,
                ackDelayNanos,
                stallNanos,
                abandonNanos,
                redialNanos,
                redialCapNanos,
                healthyNanos,
                maxDialFailures,
                pairingNanos,
                survival);
    }

    public SessionParameters withPairing(long nanos) {
        return new SessionParameters(
                retainBytes,
                receiveBytes,
                unsentBytes,
                ackBytes,
                ackDelayNanos,
                stallNanos,
                abandonNanos,
                redialNanos,
                redialCapNanos,
                healthyNanos,
                maxDialFailures,
                nanos,
                survival);
    }

    public SessionParameters withRedial(long firstNanos, long capNanos) {
        return new SessionParameters(
                retainBytes,
                receiveBytes,
                unsentBytes,
                ackBytes,
                ackDelayNanos,
                stallNanos,
                abandonNanos,
                firstNanos,
                capNanos,
                healthyNanos,
                maxDialFailures,
                pairingNanos,
                survival);
    }

    public SessionParameters withSurvival(Survival value) {
        return new SessionParameters(
                retainBytes,
                receiveBytes,
                unsentBytes,
                ackBytes,
                ackDelayNanos,
                stallNanos,
                abandonNanos,
                redialNanos,
                redialCapNanos,
                healthyNanos,
                maxDialFailures,
                pairingNanos,
                value);
    }
}
