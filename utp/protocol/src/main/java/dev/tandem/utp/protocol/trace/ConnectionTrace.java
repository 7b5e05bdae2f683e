package dev.tandem.utp.protocol.trace;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import org.jspecify.annotations.Nullable;

/**
 * Hears of everything that happens in one connection, as it happens. A connection without one does no work for it. It is
 * called from within the engine, and so must neither throw nor call back. Times are those given to the engine.
 */
public interface ConnectionTrace {

    /** Makes the trace of a connection. */
    @FunctionalInterface
    interface Factory {
        /** Traces nothing. */
        Factory NONE = initiator -> null;

        /**
         * Makes one.
         *
         * @param initiator whether we dialled
         * @return null if this connection is not to be traced
         */
        @Nullable
        ConnectionTrace create(boolean initiator);
    }

    /**
     * What a connection knows of its path after an acknowledgement or a timeout; see {@code ConnectionStats} for each.
     *
     * @param latestRttMicros the last sample, 0 if there was none yet
     */
    record Metrics(
            long latestRttMicros,
            long smoothedRttMicros,
            long minRttMicros,
            long queueingDelayMicros,
            long windowBytes,
            long bytesInFlight,
            long peerWindowBytes) {}

    /**
     * A packet was handed out to be sent; RESETs are not told.
     *
     * @param sizeBytes bytes of UDP payload
     * @param payloadBytes bytes of the stream in it
     * @param again whether it was sent before
     */
    void packetSent(
            long nowNanos, PacketType type, int seqNr, int ackNr, int sizeBytes, int payloadBytes, boolean again);

    /** A packet came; its payload is not to be touched. */
    void packetReceived(long nowNanos, Packet packet);

    /** A packet that came was dropped, since its numbers are not ones that the peer can have sent. */
    void packetDropped(long nowNanos, Packet packet);

    /**
     * A packet that was sent is taken for lost.
     *
     * @param timeout whether nothing was acknowledged for a retransmission timeout; else a later one has arrived
     */
    void packetLost(long nowNanos, int seqNr, boolean timeout);

    /** What is known of the path may have changed. */
    void metricsUpdated(long nowNanos, Metrics metrics);

    /** The handshake is complete. */
    void established(long nowNanos);

    /**
     * The connection ended, at the time of the last event or later.
     *
     * @param reason a phrase without addresses
     */
    void closed(String reason);
}
