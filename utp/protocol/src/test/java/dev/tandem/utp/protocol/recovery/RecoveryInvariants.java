package dev.tandem.utp.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.SequenceNumbers;

/** What always holds between the packets of a {@link LossRecovery} and what it counts of them. */
public final class RecoveryInvariants {
    private RecoveryInvariants() {}

    /** Fails if one does not hold. */
    public static void check(LossRecovery recovery) {
        SentPackets packets = recovery.packets();
        long bytesInFlight = 0;
        int inFlight = 0;
        int lost = 0;
        long acknowledgedBytes = 0;
        long offset = recovery.cumulativeOffset();
        for (int i = 0; i < packets.count(); i++) {
            SentPacket packet = packets.get(SequenceNumbers.plus(packets.first(), i));
            assertEquals(SequenceNumbers.plus(packets.first(), i), packet.seqNr, "numbers without gaps");
            assertEquals(offset, packet.streamOffset, "bytes without gaps");
            offset += packet.payloadBytes;
            switch (packet.state) {
                case IN_FLIGHT -> {
                    inFlight++;
                    bytesInFlight += packet.wireBytes;
                }
                case LOST -> lost++;
                case ACKNOWLEDGED -> {
                    acknowledgedBytes += packet.payloadBytes;
                    assertNotEquals(0, i, "the first packet is not acknowledged");
                }
            }
            assertTrue(packet.transmissions > 0, "each packet was sent");
        }
        assertEquals(bytesInFlight, packets.bytesInFlight(), "bytes in flight");
        assertEquals(inFlight, packets.packetsInFlight(), "packets in flight");
        assertEquals(lost, packets.packetsLost(), "packets lost");
        assertEquals(acknowledgedBytes, recovery.selectivelyAcknowledgedBytes(), "selectively acknowledged bytes");
        assertEquals(lost == 0, packets.firstLost() == null, "the first lost packet is found");
        int listed = 0;
        SentPacket before = null;
        for (SentPacket p = packets.earliestInFlight(); p != null; p = p.later) {
            assertTrue(++listed <= inFlight, "the order of transmission goes in circles");
            assertEquals(SentPacket.State.IN_FLIGHT, p.state);
            assertTrue(p.earlier == before, "neighbours know each other");
            assertTrue(before == null || p.sentNanos - before.sentNanos >= 0, "in the order of transmission");
            before = p;
        }
        assertEquals(inFlight, listed, "all in flight are in the order of transmission");
        if (before == null) {
            assertNull(packets.latestInFlight());
        } else {
            assertTrue(packets.latestInFlight() == before);
        }
        assertEquals(
                inFlight > 0, recovery.deadline() != LossRecovery.NONE, "a timer runs while packets are in flight");
    }
}
