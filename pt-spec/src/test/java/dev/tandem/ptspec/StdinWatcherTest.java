package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
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
        Parent parent = new Parent();
        CountDownLatch closed = new CountDownLatch(1);
        StdinWatcher.watch(parent, closed::countDown);
        for (int i = 0; i < 3; i++) {
            // Taken only by a watcher that has come back for more.
            assertTrue(parent.said.offer(1, 10, TimeUnit.SECONDS));
            assertEquals(1, closed.getCount());
        }
        assertTrue(parent.said.offer(-1, 10, TimeUnit.SECONDS));
        assertTrue(closed.await(10, TimeUnit.SECONDS));
    }

    /** Says so many bytes each time it is read from, or ends. */
    private static final class Parent extends InputStream {
        final SynchronousQueue<Integer> said = new SynchronousQueue<>();

        @Override
        public int read() throws IOException {
            throw new IOException("the watcher reads in blocks");
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                return said.take();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
