package dev.tandem.utp.paired;

/**
 * Counters of one session.
 *
 * @param sentTls payload bytes given to TLS, bytes sent again included
 * @param sentUtp payload bytes given to µTP, bytes sent again included
 * @param receivedTls payload bytes that came first on TLS
 * @param receivedUtp payload bytes that came first on µTP
 * @param resent payload bytes given to a carrier more than once
 * @param duplicates payload bytes received more than once
 * @param carrierChanges changes of this side's sending carrier, the first choice not counted
 * @param pairings µTP connections paired so far
 * @param resumptions TLS connections attached behind the first one
 * @param retainedBytes bytes held until they are acknowledged
 * @param heldBytes received bytes held: out of order, or for a paused user
 */
public record SessionStats(
        long sentTls,
        long sentUtp,
        long receivedTls,
        long receivedUtp,
        long resent,
        long duplicates,
        long carrierChanges,
        long pairings,
        long resumptions,
        long retainedBytes,
        long heldBytes) {

    /** Payload bytes given to a carrier. */
    public long sent(CarrierKind kind) {
        return kind == CarrierKind.TLS ? sentTls : sentUtp;
    }

    /** Payload bytes that came first on a carrier. */
    public long received(CarrierKind kind) {
        return kind == CarrierKind.TLS ? receivedTls : receivedUtp;
    }

    /** What each carrier bore, as a phrase for a log. */
    public String summary() {
        return "sent " + sentUtp + " bytes on utp and " + sentTls + " on tls, received " + receivedUtp + " and "
                + receivedTls;
    }
}
