package dev.tandem.ptspec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A small file in the state folder that is kept as something changing says, for whoever looks at a proxy from outside. It is
 * written, as a whole, only when it has changed, at most once in half a second, and a last time when it is closed.
 */
public final class PublishedFile implements AutoCloseable {
    private static final long PERIOD_MILLIS = 500;

    private final StateFolder folder;
    private final String name;
    private final Supplier<String> content;
    private final ProxyLog log;
    private final ScheduledExecutorService writer;
    private @Nullable String written;
    private boolean failed;

    /**
     * Begins to write the file.
     *
     * @param content asked on a thread of this object's; quick, and safe for any thread
     * @param log hears that the file cannot be written, once until it can be: what is short may come back, such as descriptors
     */
    public PublishedFile(StateFolder folder, String name, Supplier<String> content, ProxyLog log) {
        this.folder = folder;
        this.name = name;
        this.content = content;
        this.log = log;
        this.writer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "published-file");
            thread.setDaemon(true);
            return thread;
        });
        writer.scheduleWithFixedDelay(this::update, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void update() {
        String now = content.get();
        if (now.equals(written)) {
            return;
        }
        try {
            folder.write(name, now.getBytes(StandardCharsets.UTF_8));
            written = now;
            failed = false;
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                log.warning(name + " cannot be written: " + e.getMessage());
            }
        }
    }

    /** Writes the last state, and ends. */
    @Override
    public void close() {
        // Not shutdownNow: an interrupt in the middle of writing would be taken for a disk that fails.
        writer.shutdown();
        update();
    }
}
