package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.tandem.ptspec.TransportMessages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A managed proxy in this process, with tor's end of its standard streams. */
final class ManagedRun implements AutoCloseable {
    private static final int LIMIT_SECONDS = 20;

    private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();
    private final List<String> all = new CopyOnWriteArrayList<>();
    private final PipedOutputStream stdin = new PipedOutputStream();
    private final CompletableFuture<Integer> exitCode;

    ManagedRun(Map<String, String> environment) throws IOException {
        this(environment, null);
    }

    /** @param metrics what {@code --metrics} says; null if it is not there */
    ManagedRun(Map<String, String> environment, @Nullable String metrics) throws IOException {
        this(environment, metrics, ManagedClient.COUNTERS_FILE);
    }

    /** @param counters what {@code --counters} says */
    ManagedRun(Map<String, String> environment, @Nullable String metrics, String counters) throws IOException {
        PipedInputStream in = new PipedInputStream(stdin);
        TransportMessages messages = new TransportMessages(new Lines());
        exitCode = CompletableFuture.supplyAsync(() -> {
            try {
                return new ManagedClient(messages, false, metrics, counters).run(environment, in);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Splits what the proxy writes into lines. */
    private final class Lines extends OutputStream {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int value) {
            if (value == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                line.reset();
                all.add(text);
                unread.add(text);
            } else {
                line.write(value);
            }
        }
    }

    /** The next line that begins so; those before it are passed over. */
    String await(String prefix) throws InterruptedException {
        while (true) {
            String line = unread.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertNotNull(line, () -> "no line '" + prefix + "…' among " + all);
            if (line.startsWith(prefix)) {
                return line;
            }
        }
    }

    /** All lines so far. */
    List<String> lines() {
        return new ArrayList<>(all);
    }

    /** The lines for tor's log so far. */
    List<String> logLines() {
        return all.stream().filter(line -> line.startsWith("LOG ")).toList();
    }

    boolean isRunning() {
        return !exitCode.isDone();
    }

    /** Waits for the proxy to end by itself. */
    int exitCode() throws Exception {
        return exitCode.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends it as tor does, by closing its standard input. */
    void stop() throws IOException {
        stdin.close();
        exitCode.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
