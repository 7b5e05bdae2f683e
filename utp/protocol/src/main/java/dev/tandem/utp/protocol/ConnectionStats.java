package dev.tandem.utp.protocol;

/**
 * A connection's figures at one moment; totals count since it was made.
 *
 * @param rttMicros smoothed round-trip time in µs, 0 before the first sample
 * @param minRttMicros smallest round-trip time seen in µs, 0 before the first sample
 * @param queueingDelayMicros delay above the base delay on the way to the peer, in µs
 * @param windowBytes the congestion window
 * @param bytesInFlight bytes sent, neither acknowledged nor taken for lost, headers included
 * @param datagramBytes bytes of UDP payload in a full packet
 * @param peerWindowBytes the window that the peer advertised last
 * @param bytesSent payload bytes sent for the first time
 * @param bytesAcknowledged payload bytes that the peer has acknowledged in order
 * @param bytesReceived payload bytes received in order
 * @param packetsSent packets sent, of every type
 * @param packetsReceived packets received that belong to the connection
 * @param retransmissions packets sent again
 * @param losses packets taken for lost
 * @param spurious packets taken for lost, or sent again, that had arrived all the same; known late, and not always
 * @param timeouts retransmission timeouts
 * @param duplicates packets received more than once
 */
public record ConnectionStats(
        long rttMicros,
        long minRttMicros,
        long queueingDelayMicros,
        long windowBytes,
        long bytesInFlight,
        long datagramBytes,
        long peerWindowBytes,
        long bytesSent,
        long bytesAcknowledged,
        long bytesReceived,
        long packetsSent,
        long packetsReceived,
        long retransmissions,
        long losses,
        long spurious,
        long timeouts,
        long duplicates) {}
