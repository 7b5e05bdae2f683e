package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnsentLimitTest {
    /** Ten milliseconds of the rate, within bounds; nothing is known before the first round trip. */
    @ParameterizedTest
    @CsvSource({
        "0, 1448, 0, 16384",
        "10, 1448, 0, 16384",
        "10, 1448, 100000, 16384",
        "1000, 1448, 100000, 144800",
        "1000, 1448, 10000, 1048576",
        "4000000000, 65483, 1, 1048576"
    })
    void isTenMillisecondsOfTheRate(long segments, long segmentBytes, long rttMicros, int bytes) {
        assertEquals(bytes, UnsentLimit.bytes(segments, segmentBytes, rttMicros));
    }
}
