package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.RecoveryInvariants;
import dev.tandem.utp.protocol.stream.StreamInvariants;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * What always holds in an endpoint that has been drained, whatever came. Simulations and fuzzers call it after each step;
 * it remembers what it saw, to check how things change as well.
 */
final class Invariants {
    /** Above the congestion window one packet may go as a probe, and one always if nothing else is in flight. */
    private static final int EXTRA_PACKETS = 2;

    private final IdentityHashMap<Connection, Seen> seen = new IdentityHashMap<>();

    private static final class Seen {
        private long bytesSent;
        private long bytesAcknowledged;
        private long bytesReceived;
        private boolean ended;
    }

    /** Fails if one does not hold. */
    void check(Endpoint endpoint) {
        Set<Connection> connections = new HashSet<>(endpoint.connections());
        EndpointStats stats = endpoint.stats();
        assertEquals(connections.size(), stats.connections(), "connections counted and found");
        seen.keySet().removeIf(connection -> connection.isDead() && !connections.contains(connection));
        for (Connection connection : connections) {
            assertFalse(connection.isDead(), "the dead are forgotten");
            check(connection);
            long deadline = connection.deadline();
            assertTrue(endpoint.pollTimeout() <= deadline, "no timer is lost");
        }
    }

    private void check(Connection connection) {
        Seen last = seen.computeIfAbsent(connection, c -> new Seen());
        ConnectionStats stats = connection.stats();
        Sender sender = connection.sender();
        LossRecovery recovery = sender.recovery();
        RecoveryInvariants.check(recovery);
        assertEquals(recovery.cumulativeOffset(), sender.written().start(), "what is acknowledged is released");
        assertTrue(sender.bytesSent() <= sender.written().end(), "only what was written is sent");
        assertTrue(
                sender.written().size() <= connection.config().sendBufferBytes(), "the send buffer holds its capacity");
        assertTrue(stats.bytesSent() >= last.bytesSent, "sent bytes grow");
        assertTrue(stats.bytesAcknowledged() >= last.bytesAcknowledged, "acknowledged bytes grow");
        assertTrue(stats.bytesReceived() >= last.bytesReceived, "received bytes grow");
        if (stats.bytesSent() > last.bytesSent) {
            long packet = sender.maxPayloadBytes() + 20L;
            // The window may have shrunk below what is in flight; a single packet may be a probe of that.
            boolean single = stats.bytesSent() - last.bytesSent <= sender.maxPayloadBytes();
            assertTrue(
                    single || stats.bytesInFlight() <= stats.windowBytes() + EXTRA_PACKETS * packet,
                    () -> "more in flight than the congestion window: " + stats);
            long outstanding = stats.bytesSent() - stats.bytesAcknowledged() - recovery.selectivelyAcknowledgedBytes();
            assertTrue(
                    outstanding <= Math.max(1, stats.peerWindowBytes()), () -> "more than the peer's window: " + stats);
        }
        if (connection.isEstablished() && sender.hasOutstanding()) {
            assertNotEquals(LossRecovery.NONE, sender.deadline(), () -> "a sender with work has no timer: " + stats);
        }
        Receiver receiver = connection.receiver();
        if (receiver != null) {
            StreamInvariants.check(receiver.buffer(), connection.config().receiveBufferBytes());
            assertFalse(connection.isEstablished() && receiver.isAckDue(), "an acknowledgement is left behind");
        }
        assertFalse(last.ended && connection.closeReason() == null, "the end is for ever");
        last.bytesSent = stats.bytesSent();
        last.bytesAcknowledged = stats.bytesAcknowledged();
        last.bytesReceived = stats.bytesReceived();
        last.ended = connection.closeReason() != null;
    }
}
