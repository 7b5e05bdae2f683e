package dev.tandem.utp.paired;

import java.util.function.Consumer;

/** What a client or a server shows of itself at one moment, besides its {@link CarrierTotals}. On its event loop. */
public interface LinkView {
    /** How many of what there are now. */
    Population population();

    /**
     * Looks at the carriers of some sessions, at others the next time, and brings the counts of their packets up to date.
     *
     * @param most how many sessions at most, 1 or more: this takes up the event loop
     * @param observer told of each carrier whose path is known, and on which something came lately
     */
    void sample(int most, Consumer<PathSample> observer);

    /**
     * What there is at one moment.
     *
     * @param attached sessions with a carrier
     * @param detached sessions without any
     * @param dialling dials that are no sessions yet; a client's
     * @param halfOpen TCP connections of clients without a proof; a server's
     * @param unmatched µTP connections without a session; a server's
     * @param strangers TCP connections that are strangers, or may be; a server's
     * @param decoyFailures connections to the decoy that failed since the server was made
     */
    record Population(
            int attached, int detached, int dialling, int halfOpen, int unmatched, int strangers, long decoyFailures) {}
}
