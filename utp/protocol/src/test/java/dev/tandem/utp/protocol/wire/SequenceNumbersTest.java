package dev.tandem.utp.protocol.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceNumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 1, 1",
        "65535, 0, 1",
        "0, 65535, -1",
        "10, 10, 0",
        "65530, 10, 16",
        "0, 32767, 32767",
        "0, 32768, -32768"
    })
    void distanceWraps(int from, int to, int expected) {
        assertEquals(expected, SequenceNumbers.distance(from, to));
        assertEquals(expected > 0, SequenceNumbers.isBefore(from, to));
    }

    @ParameterizedTest
    @CsvSource({"65535, 1, 0", "0, -1, 65535", "65000, 1000, 464"})
    void plusWraps(int seqNr, int count, int expected) {
        assertEquals(expected, SequenceNumbers.plus(seqNr, count));
    }
}
