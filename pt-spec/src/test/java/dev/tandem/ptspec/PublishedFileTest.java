package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishedFileTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
    private final ProxyLog proxyLog = new ProxyLog((severity, line) -> log.add(line), false);

    @Test
    void holdsTheLastStateWhenClosed() throws Exception {
        AtomicReference<String> content = new AtomicReference<>("first");
        StateFolder state = StateFolder.open(folder.resolve("state"));
        PublishedFile file = new PublishedFile(state, "totals.json", content::get, proxyLog);
        content.set("last");
        file.close();
        assertEquals("last", Files.readString(state.path().resolve("totals.json")));
        assertEquals(List.of(), List.copyOf(log));
    }

    @Test
    void tellsOnceThatItCannotBeWritten() throws Exception {
        StateFolder state = StateFolder.open(folder.resolve("state"));
        Files.createDirectories(state.path().resolve("totals.json").resolve("in the way"));
        PublishedFile file = new PublishedFile(state, "totals.json", () -> "text", proxyLog);
        String line = log.poll(10, TimeUnit.SECONDS);
        file.close();
        assertTrue(line != null && line.startsWith("totals.json cannot be written: "), line);
        assertEquals(0, log.size());
    }

    @Test
    @SuppressWarnings("try") // the file has only to be open
    void writesAgainWhenWhatWasInTheWayIsGone() throws Exception {
        StateFolder state = StateFolder.open(folder.resolve("state"));
        Path target = state.path().resolve("totals.json");
        Path obstacle = Files.createDirectories(target.resolve("in the way"));
        try (PublishedFile file = new PublishedFile(state, "totals.json", () -> "text", proxyLog)) {
            assertTrue(log.poll(10, TimeUnit.SECONDS) != null);
            Files.delete(obstacle);
            Files.delete(target);
        }
        assertEquals("text", Files.readString(target));
    }
}
