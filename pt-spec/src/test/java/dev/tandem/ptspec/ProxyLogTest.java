package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class ProxyLogTest {
    private final List<String> lines = new ArrayList<>();
    private long nowNanos = Long.MAX_VALUE - 5; // any origin will do, and it may wrap

    private ProxyLog log(boolean unsafe) {
        return new ProxyLog((severity, line) -> lines.add(severity + " " + line), unsafe, () -> nowNanos);
    }

    @Test
    void isOfSingleLinesWithoutAddressesUnlessTheyAreWanted() {
        log(false).notice("one\r\n  two 192.0.2.1\n");
        log(true).warning("at 192.0.2.1");
        assertEquals(List.of("NOTICE one two [scrubbed] ", "WARNING at 192.0.2.1"), lines);
    }

    @Test
    void cutsALineThatIsTooLongButNoAddress() {
        log(false).notice("192.0.2.1 ".repeat(10_000));
        assertEquals(1, lines.size());
        assertTrue(lines.get(0).length() < 2_100);
        assertTrue(lines.get(0).matches("NOTICE [\\[\\]scrubed .]*"), lines.get(0));
    }

    @Test
    void boundsTheLinesInASecondAndTellsWhatItLeftOut() {
        ProxyLog log = log(false);
        log.limit(10);
        for (int i = 0; i < 100; i++) {
            log.info("line " + i);
        }
        assertEquals(40, lines.size(), "four seconds' worth at once");
        log.warning("matters");
        assertEquals("NOTICE 60 lines left out here: there were more than 10 in a second", lines.get(40));
        assertEquals("WARNING matters", lines.get(41));
        nowNanos += TimeUnit.MILLISECONDS.toNanos(250);
        for (int i = 0; i < 5; i++) {
            log.info("later " + i);
        }
        assertEquals(List.of("INFO later 0", "INFO later 1"), lines.subList(42, lines.size()));
        assertEquals(63, log.droppedLines());
        nowNanos += TimeUnit.SECONDS.toNanos(100);
        log.info("at rest");
        assertEquals("NOTICE 3 lines left out here: there were more than 10 in a second", lines.get(44));
        assertEquals("INFO at rest", lines.get(45));
    }

    @Test
    void aFloodIsToldOnceInAMinute() {
        ProxyLog log = log(false);
        log.limit(10);
        for (int i = 0; i < 90_000; i++) {
            log.info("turned away");
            nowNanos += TimeUnit.MILLISECONDS.toNanos(1);
        }
        List<String> told =
                lines.stream().filter(line -> line.startsWith("NOTICE")).toList();
        assertEquals(2, told.size(), told.toString());
        assertTrue(lines.size() <= 40 + 90 * 10 + 2, () -> lines.size() + " lines");
    }

    @Test
    void takesWhatLibrariesSayAndWhatNobodyCatches() throws Exception {
        LibraryLog.leadTo(log(false));
        Logger library = Logger.getLogger("io.netty.whatever");
        library.log(Level.SEVERE, "broke", new IllegalStateException("with /192.0.2.1:5"));
        library.log(Level.WARNING, "of no use to anybody");
        Thread thread = new Thread(
                () -> {
                    throw new IllegalStateException("host.example/192.0.2.1:5\nsecond line");
                },
                "worker");
        thread.start();
        thread.join();
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(0).startsWith("WARNING broke: java.lang.IllegalStateException: with [scrubbed] at dev."));
        assertTrue(lines.get(1)
                .startsWith("WARNING bug in thread worker: java.lang.IllegalStateException: [scrubbed] second line"));
        assertTrue(lines.get(1).contains("ProxyLogTest"), lines.get(1));
    }
}
