package dev.tandem.utp.paired;

/**
 * How a carrier's path is at one moment, as far as is known.
 *
 * @param rttMicros smoothed round-trip time in µs; 0 if it is not known
 * @param queueingDelayMicros delay above the base delay on the way to the peer, in µs; -1 where it is not measured
 */
public record PathSample(CarrierKind carrier, long rttMicros, long queueingDelayMicros) {
    /** {@link #queueingDelayMicros} where it is not measured. */
    public static final long UNMEASURED = -1;
}
