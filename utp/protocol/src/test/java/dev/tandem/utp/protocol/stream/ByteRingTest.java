package dev.tandem.utp.protocol.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRingTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void behavesLikeAWindowOnAnArray(long seed) {
        Random random = new Random(seed);
        ByteRing ring = new ByteRing();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 3_000; i++) {
            if (random.nextInt(3) < 2) {
                byte[] bytes = new byte[random.nextInt(random.nextInt(20) == 0 ? 40_000 : 600)];
                random.nextBytes(bytes);
                all.writeBytes(bytes);
                if (random.nextBoolean()) {
                    ring.append(bytes);
                } else {
                    ring.append(ByteBuffer.wrap(bytes), bytes.length);
                }
            } else {
                ring.releaseTo(ring.start() + random.nextInt(ring.size() + 1));
            }
            int from = random.nextInt(ring.size() + 1);
            int count = random.nextInt(ring.size() - from + 1);
            ByteBuffer copy = ByteBuffer.allocate(count);
            ring.copyTo(ring.start() + from, count, copy);
            int start = (int) ring.start() + from;
            assertEquals(all.size(), ring.end(), "seed " + seed);
            assertArrayEquals(
                    Arrays.copyOfRange(all.toByteArray(), start, start + count), copy.array(), "seed " + seed);
            if (all.size() > 2_000_000) {
                return;
            }
        }
    }

    @Test
    void refusesBytesThatItDoesNotHold() {
        ByteRing ring = new ByteRing();
        ring.append(new byte[10]);
        ring.releaseTo(4);
        ByteBuffer target = ByteBuffer.allocate(20);
        assertThrows(IllegalArgumentException.class, () -> ring.copyTo(3, 2, target));
        assertThrows(IllegalArgumentException.class, () -> ring.copyTo(9, 2, target));
        assertThrows(IllegalArgumentException.class, () -> ring.releaseTo(3));
        assertThrows(IllegalArgumentException.class, () -> ring.releaseTo(11));
    }

    @Test
    void takesNothingAfterItsStorageWasGivenBack() {
        ByteRing ring = new ByteRing();
        ring.append(new byte[64]);
        ring.releaseTo(64);
        ring.trim();
        ring.append(ByteBuffer.allocate(0), 0);
        ring.append(new byte[0]);
        assertEquals(0, ring.size());
        ring.append(new byte[] {7});
        ByteBuffer read = ByteBuffer.allocate(1);
        ring.copyTo(64, 1, read);
        assertEquals(7, read.get(0));
    }
}
