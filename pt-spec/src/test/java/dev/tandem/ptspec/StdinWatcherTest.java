package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StdinWatcherTest {
    @Test
    void tellsTheEndOnceWhateverCameBefore() throws Exception {
        InputStream failing = new PipedInputStream(); // not connected: reading throws
        InputStream empty = InputStream.nullInputStream();
        InputStream chatty = new ByteArrayInputStream("x".repeat(1000).getBytes(StandardCharsets.US_ASCII));
        for (InputStream in : List.of(failing, empty, chatty)) {
            AtomicInteger closed = new AtomicInteger();
            Thread thread = StdinWatcher.watch(in, closed::incrementAndGet);
            assertTrue(thread.isDaemon());
            thread.join(10_000);
            assertEquals(1, closed.get());
        }
    }

    @Test
    void waitsForTheEnd() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (PipedOutputStream parent = new PipedOutputStream()) {
            StdinWatcher.watch(new PipedInputStream(parent), closed::countDown);
            parent.write('x');
            parent.flush();
            assertEquals(1, closed.getCount());
        }
        assertTrue(closed.await(10, TimeUnit.SECONDS));
    }
}
