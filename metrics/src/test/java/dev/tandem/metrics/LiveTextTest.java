package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierTotals.Snapshot;
import dev.tandem.utp.paired.LinkView.Population;
import dev.tandem.utp.paired.PathSample;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveTextTest {
    private static final Population TWO = new Population(1, 1, 0, 0, 0, 0, 0);

    private static Snapshot totals(long sentTls, long sentUtp, long receivedTls, long receivedUtp) {
        return new Snapshot(sentTls, sentUtp, receivedTls, receivedUtp, 0, 0, 0, 0, Map.of());
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @Test
    void ratesAreOfTheLastTwoSecondsAndCarriersThoseThatBoreSomething() {
        LiveText text = new LiveText(true);
        List<PathSample> paths = List.of(
                new PathSample(CarrierKind.TLS, 90_000, PathSample.UNMEASURED),
                new PathSample(CarrierKind.UTP, 40_000, 0),
                new PathSample(CarrierKind.UTP, 50_000, 0));
        assertEquals(
                "up 0 B 0 B/s  down 0 B 0 B/s  rtt -  -  0 sessions",
                text.next(0, totals(0, 0, 0, 0), new Population(0, 0, 0, 0, 0, 0, 0), List.of()));
        assertEquals(
                "up 1.00 kB 1.00 kB/s  down 0 B 0 B/s  rtt 90 ms  tls  1 session",
                text.next(millis(1000), totals(1000, 0, 0, 0), new Population(1, 0, 0, 0, 0, 0, 0), paths));
        assertEquals(
                "up 1.00 kB 500 B/s  down 4.00 MB 2.00 MB/s  rtt 60 ms  tls+utp  2 sessions, 1 cut off",
                text.next(millis(2000), totals(1000, 0, 0, 4_000_000), TWO, paths));
        text.next(millis(3000), totals(1000, 0, 0, 4_000_000), TWO, paths);
        assertEquals(
                "up 1.00 kB 0 B/s  down 5.00 MB 500 kB/s  rtt 45 ms  utp  -",
                text.next(millis(4000), totals(1000, 0, 0, 5_000_000), null, paths));
        text.next(millis(6500), totals(1000, 0, 0, 5_000_000), TWO, List.of());
        assertEquals(
                "up 1.00 kB 0 B/s  down 5.00 MB 0 B/s  rtt -  utp  2 sessions, 1 cut off",
                text.next(millis(9000), totals(1000, 0, 0, 5_000_000), TWO, List.of()));
    }

    @Test
    void onAServerWhatIsReceivedGoesUp() {
        assertTrue(new LiveText(false)
                .next(0, totals(1, 2, 10, 20), TWO, List.of())
                .startsWith("up 30 B 0 B/s  down 3 B"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.00 kB",
        "1234, 1.23 kB",
        "9996, 10.0 kB",
        "99960, 100 kB",
        "999499, 999 kB",
        "999500, 1.00 MB",
        "9000000000000000000, 9.00 EB"
    })
    void hasThreeDigits(long count, String expected) {
        assertEquals(expected, LiveText.bytes(count));
    }
}
