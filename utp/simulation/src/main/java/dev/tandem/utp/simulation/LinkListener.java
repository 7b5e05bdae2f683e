package dev.tandem.utp.simulation;

/** Sees everything that happens on a {@link Link}, in the order in which it happens. */
@FunctionalInterface
public interface LinkListener {
    /**
     * Called for each event.
     *
     * @param nowNanos the time given to the link
     * @param packetNr how many packets were sent on this link before this one; a copy has the number of its original
     * @param payloadBytes size of the payload
     */
    void onEvent(long nowNanos, LinkEvent event, long packetNr, int payloadBytes);
}
