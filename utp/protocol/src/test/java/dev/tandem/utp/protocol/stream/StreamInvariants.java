package dev.tandem.utp.protocol.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.wire.SequenceNumbers;

/** What always holds in a {@link ReassemblyBuffer}. */
public final class StreamInvariants {
    /** A probe of a shut window may be taken beyond the capacity. */
    private static final int PROBE_SLACK_BYTES = 2_048;

    private StreamInvariants() {}

    /** Fails if one does not hold. */
    public static void check(ReassemblyBuffer buffer, int capacityBytes) {
        byte[][] waiting = buffer.waiting();
        int bytes = 0;
        boolean any = false;
        for (byte[] payload : waiting) {
            if (payload != null) {
                bytes += payload.length;
                any = true;
            }
        }
        assertTrue(buffer.readableBytes() + bytes <= capacityBytes + PROBE_SLACK_BYTES, "held within the capacity");
        assertEquals(Math.max(0, capacityBytes - buffer.readableBytes() - bytes), buffer.freeBytes(), "room");
        assertTrue(waiting.length <= ReassemblyBuffer.MAX_PACKETS_AHEAD, "slots within their bound");
        if (waiting.length > 0) {
            int next = SequenceNumbers.plus(buffer.ackNr(), 1);
            assertNull(waiting[next & (waiting.length - 1)], "what is in order does not wait");
        }
        if (any) {
            assertTrue(buffer.hasGap(), "what waits, waits for something");
        }
    }
}
