package dev.tandem.utp.paired.strangers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered of markers, and for how long. */
class MarkerMemoryTest {
    private static byte[] marker(long first) {
        return ByteBuffer.allocate(Marker.LENGTH).putLong(first).array();
    }

    @Test
    void knowsAMarkerForThreeHours() {
        MarkerMemory memory = new MarkerMemory(10);
        assertTrue(memory.add(marker(7), 100));
        assertFalse(memory.add(marker(7), 100));
        assertFalse(memory.add(marker(7), 102));
        assertEquals(1, memory.size());
        assertTrue(memory.add(marker(7), 103));
        assertEquals(1, memory.size());
        assertEquals(0, memory.forgotten());
    }

    @Test
    void forgetsTheOldestAtItsBound() {
        MarkerMemory memory = new MarkerMemory(100);
        for (int i = 1; i <= 150; i++) {
            assertTrue(memory.add(marker(i), 5));
        }
        assertEquals(100, memory.size());
        assertEquals(50, memory.forgotten());
        for (int i = 51; i <= 150; i++) {
            assertFalse(memory.add(marker(i), 5), i + " is among the newest");
        }
        assertTrue(memory.add(marker(50), 5));
    }

    @Test
    void takesEightBytesOfZerosForAMarkerToo() {
        MarkerMemory memory = new MarkerMemory(2);
        assertTrue(memory.add(marker(0), 1));
        assertFalse(memory.add(marker(0), 1));
    }

    /** Against a model, with numbers so few that they meet in the table all the time. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void agreesWithASimpleMap(long seed) {
        Random random = new Random(seed);
        int max = 1 + random.nextInt(300);
        MarkerMemory memory = new MarkerMemory(max);
        Map<Long, Integer> model = new LinkedHashMap<>();
        int hour = 1_000;
        long forgotten = 0;
        for (int i = 0; i < 50_000; i++) {
            if (random.nextInt(200) == 0) {
                hour += 1 + random.nextInt(2);
            }
            int now = hour;
            model.values().removeIf(came -> now - came >= 3);
            // High bits differ, low bits collide.
            long key = (long) (random.nextInt(40) + 1) << 50 | random.nextInt(20);
            boolean isNew = !model.containsKey(key);
            assertEquals(isNew, memory.add(marker(key), hour), "seed " + seed + ", step " + i);
            if (isNew) {
                if (model.size() == max) {
                    Iterator<Long> oldest = model.keySet().iterator();
                    oldest.next();
                    oldest.remove();
                    forgotten++;
                }
                model.put(key, hour);
            }
            assertEquals(model.size(), memory.size(), "seed " + seed + ", step " + i);
        }
        assertEquals(forgotten, memory.forgotten(), "seed " + seed);
    }
}
