package dev.tandem.utp.paired.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;

/** Any bytes as the file that holds what was learned of networks. */
class PathMemoryFuzzTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(500_000L * 3_600));
    private static final SecureRandom RANDOM = new SecureRandom();

    @FuzzTest(maxDuration = "3s")
    void isTakenOrRefusedAsAWhole(byte[] content) {
        PathMemory memory = new PathMemory(CLOCK, RANDOM);
        String before = memory.text();
        try {
            memory.merge(content);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            assertEquals(1, message.lines().count(), message);
            assertTrue(message.length() < 100, message);
            assertEquals(before, memory.text());
            return;
        }
        assertTrue(memory.size() <= PathMemory.MAX_PLACES);
        String taken = memory.text();
        assertTrue(taken.length() <= PathMemory.MAX_BYTES);
        PathMemory next = new PathMemory(CLOCK, RANDOM);
        next.merge(taken.getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(taken, next.text());
    }
}
