package dev.tandem.utp.paired.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered, for how long, and what a file may say. The time of day is the test's. */
class PathMemoryTest {
    private static final long HOUR = 3_600;
    private static final long START = 500_000 * HOUR + 1_234;

    private long seconds = START;
    private final PathMemory memory = newMemory(1);

    private PathMemory newMemory(int seed) {
        return new PathMemory(() -> Instant.ofEpochSecond(seconds), new SeededRandom(seed));
    }

    /** Keys that are the same in each run. */
    private static final class SeededRandom extends SecureRandom {
        private static final long serialVersionUID = 1L;
        private final int seed;

        SeededRandom(int seed) {
            this.seed = seed;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (seed + i);
            }
        }
    }

    private static Place place(String bridge, int port, String local) {
        try {
            return Place.of(new InetSocketAddress(InetAddress.getByName(bridge), port), InetAddress.getByName(local));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Place place(int number) {
        return place("192.0.2.1", 443, "10.0." + number / 256 + "." + number % 256);
    }

    private static void merge(PathMemory into, String text) {
        into.merge(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void aPlaceIsBridgePortAndNetwork() {
        memory.learnBlocked(place("192.0.2.1", 443, "10.1.2.3"));
        assertTrue(memory.isBlocked(place("192.0.2.1", 443, "10.1.2.3")));
        assertFalse(memory.isBlocked(place("192.0.2.2", 443, "10.1.2.3")));
        assertFalse(memory.isBlocked(place("192.0.2.1", 444, "10.1.2.3")));
        assertFalse(memory.isBlocked(place("192.0.2.1", 443, "10.1.2.4")));
        memory.learnBlocked(place("2001:db8::1", 443, "2001:db8:1:2:3:4:5:6"));
        assertTrue(memory.isBlocked(place("2001:db8::1", 443, "2001:db8:1:2:ffff::1")), "an address of the same day");
        assertFalse(memory.isBlocked(place("2001:db8::1", 443, "2001:db8:1:3:3:4:5:6")));
    }

    @Test
    void isForgottenAfterAWeek() {
        memory.learnBlocked(place(1));
        seconds = START + PathMemory.LIFE_SECONDS - 1;
        assertTrue(memory.isBlocked(place(1)));
        seconds++;
        assertFalse(memory.isBlocked(place(1)));
        assertEquals(0, memory.size());
    }

    @Test
    void whatWasLearnedInAFutureThatIsNoneIsForgotten() {
        memory.learnBlocked(place(1));
        String text = memory.text();
        seconds = START - 2 * HOUR;
        assertFalse(memory.isBlocked(place(1)), "the clock was set back");
        PathMemory other = newMemory(1);
        merge(other, text);
        assertEquals(0, other.size());
        assertEquals(0, memory.takeDial(place(1)));
    }

    @Test
    void asksAgainTheLessOftenTheLongerItWasBlocked() {
        memory.learnBlocked(place(1));
        long[] pauses = new long[12];
        for (int i = 0; i < pauses.length; i++) {
            long start = seconds;
            for (long wait; (wait = memory.takeDial(place(1))) > 0; ) {
                seconds += wait;
            }
            memory.learnBlocked(place(1));
            pauses[i] = seconds - start;
            seconds += 5;
        }
        for (int i = 1; i < pauses.length; i++) {
            assertTrue(pauses[i] >= pauses[i - 1] && pauses[i] <= 600, () -> java.util.Arrays.toString(pauses));
        }
        assertEquals(595, pauses[pauses.length - 1], "and the five seconds beside it");
        assertEquals(0, memory.takeDial(place(2)), "elsewhere it may be dialled at any time");
    }

    @Test
    void oneOfManySessionsAsks() {
        memory.learnBlocked(place(1));
        seconds += 3_000;
        assertEquals(0, memory.takeDial(place(1)));
        assertEquals(600, memory.takeDial(place(1)));
        seconds -= 100_000;
        assertEquals(0, memory.takeDial(place(1)), "nobody waits for a clock that was set back");
    }

    @Test
    void successCorrectsAtOnceAndFailureOnlyWhatIsOld() {
        memory.learnBlocked(place(1));
        memory.learnWorks(place(1));
        assertFalse(memory.isBlocked(place(1)));
        memory.learnBlocked(place(1));
        assertFalse(memory.isBlocked(place(1)), "one dial failed where one succeeded a moment before");
        seconds += 600;
        memory.learnBlocked(place(1));
        assertTrue(memory.isBlocked(place(1)));
    }

    @Test
    void theOldestGoesAtTheBound() {
        for (int i = 0; i < 10 * PathMemory.MAX_PLACES; i++) {
            memory.learnBlocked(place(i));
            seconds++;
        }
        assertEquals(PathMemory.MAX_PLACES, memory.size());
        assertTrue(memory.isBlocked(place(10 * PathMemory.MAX_PLACES - 1)));
        assertTrue(memory.text().length() <= PathMemory.MAX_BYTES, () -> memory.text());
    }

    @Test
    void survivesInAFileWhichTellsNoAddressAndNoMinute() {
        memory.learnBlocked(place("192.0.2.77", 443, "10.1.2.3"));
        memory.learnWorks(place("192.0.2.78", 443, "10.1.2.3"));
        String text = memory.text();
        assertEquals(
                2,
                text.lines()
                        .filter(line -> line.matches("[0-9a-f]{4} (works|blocked) 500168"))
                        .count(),
                text);
        assertEquals(4, text.lines().count());
        assertFalse(
                text.contains("192.0")
                        || text.contains("10.1")
                        || memory.toString().contains("key"),
                text);
        PathMemory next = newMemory(99);
        merge(next, text);
        assertEquals(text, next.text());
        assertTrue(next.isBlocked(place("192.0.2.77", 443, "10.1.2.3")));
        assertEquals(
                0, next.takeDial(place("192.0.2.77", 443, "10.1.2.3")), "when the last dial was is not known to it");
    }

    /** Otherwise who finds two such files could tell that their owners were at one place. */
    @Test
    void anotherKeyGivesOtherHashes() {
        PathMemory other = newMemory(2);
        Set<String> lines = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            memory.learnBlocked(place(i));
            other.learnBlocked(place(i));
        }
        memory.text().lines().skip(2).forEach(lines::add);
        assertEquals(10, lines.size());
        other.text().lines().skip(2).forEach(line -> assertFalse(lines.contains(line), line));
    }

    @Test
    void ofTwoMemoriesTheLaterNewsCounts() {
        PathMemory other = newMemory(1);
        memory.learnBlocked(place(1));
        memory.learnBlocked(place(2));
        seconds += 2 * HOUR;
        other.learnWorks(place(1));
        other.learnBlocked(place(3));
        String older = memory.text();
        merge(memory, other.text());
        merge(other, older);
        for (PathMemory each : new PathMemory[] {memory, other}) {
            assertFalse(each.isBlocked(place(1)));
            assertTrue(each.isBlocked(place(2)) && each.isBlocked(place(3)));
        }
        assertEquals(memory.text(), other.text());
    }

    @Test
    void ofTwoKeysThatOfTheFileCounts() {
        PathMemory other = newMemory(2);
        memory.learnBlocked(place(1));
        other.learnBlocked(place(2));
        merge(memory, other.text());
        assertFalse(memory.isBlocked(place(1)));
        assertTrue(memory.isBlocked(place(2)));
        assertEquals(other.text(), memory.text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "tandem paths 1",
                "tandem paths 1\n",
                "tandem paths 1\nkey 00\n",
                "tandem paths 2\n%KEY\n",
                "tandem paths 1\r\n%KEY\n",
                "tandem paths 1\n%KEY\n0001 works 500000",
                "tandem paths 1\n%KEY\n0001 works 500000 \n",
                "tandem paths 1\n%KEY\n0001 works -500000\n",
                "tandem paths 1\n%KEY\n0001 works 5000000000\n",
                "tandem paths 1\n%KEY\n0001 perhaps 500000\n",
                "tandem paths 1\n%KEY\n00AB works 500000\n",
                "tandem paths 1\n%KEY\n00001 works 500000\n",
                "tandem paths 1\n%KEY\n0001 works 500000\n0001 works 500000\n",
                "tandem paths 1\n%KEY\n\n",
            })
    void nothingOfADamagedFileIsTaken(String content) {
        memory.learnBlocked(place(1));
        String before = memory.text();
        String key = before.lines().skip(1).findFirst().orElseThrow();
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> merge(memory, content.replace("%KEY", key)));
        assertEquals(1, String.valueOf(e.getMessage()).lines().count());
        assertEquals(before, memory.text());
    }

    @Test
    void aFileMayNotBeLong() {
        StringBuilder text = new StringBuilder(memory.text());
        for (int i = 0; i <= PathMemory.MAX_PLACES; i++) {
            text.append(String.format("%04x works 500000%n", i));
        }
        assertThrows(IllegalArgumentException.class, () -> merge(memory, text.toString()));
        assertThrows(IllegalArgumentException.class, () -> memory.merge(new byte[PathMemory.MAX_BYTES + 1]));
    }
}
