package dev.tandem.metrics;

import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkView;
import dev.tandem.utp.paired.LinkView.Population;
import dev.tandem.utp.paired.PathSample;
import io.netty.channel.EventLoop;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The last line of a terminal, which says how a proxy fares and is written anew twice a second, on a thread of its own: a terminal that is
 * held does not hold the event loop, unless that has something to log.
 */
public final class LiveLine implements AutoCloseable, Consumer<Runnable> {
    private static final long PERIOD_MILLIS = 500;
    /** As many as are sampled for metrics would do; a person looks at few. */
    private static final int SESSIONS = 32;
    /** Of a terminal that does not say more; a line that is too long would stay behind. */
    private static final int COLUMNS = 79;

    /** To the first column, and nothing from there to the end of the line (ECMA-48, EL). */
    private static final String ERASE = "\r\u001b[K";

    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private final OutputStream terminal;
    private final EventLoop loop;
    private final CarrierTotals totals;
    private final LinkView view;
    private final LiveText text;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread writer = new Thread(this::run, "live-line");
    private boolean shown;

    private LiveLine(OutputStream terminal, boolean client, EventLoop loop, CarrierTotals totals, LinkView view) {
        this.terminal = terminal;
        this.loop = loop;
        this.totals = totals;
        this.view = view;
        this.text = new LiveText(client);
    }

    /**
     * Begins to write to standard error.
     *
     * @param client whether what is sent goes up
     * @param loop the proxy's, of which the view is
     */
    public static LiveLine show(boolean client, EventLoop loop, CarrierTotals totals, LinkView view) {
        return show(new FileOutputStream(FileDescriptor.err), client, loop, totals, view);
    }

    static LiveLine show(OutputStream terminal, boolean client, EventLoop loop, CarrierTotals totals, LinkView view) {
        LiveLine line = new LiveLine(terminal, client, loop, totals, view);
        line.writer.setDaemon(true);
        line.writer.start();
        return line;
    }

    /**
     * Whether standard error is a terminal on which a line can be written anew. {@code System.console()} tells of standard input and
     * output only, and from Java 22 on nothing by being there; Linux names what is behind a descriptor. False elsewhere.
     */
    public static boolean isTerminal(Map<String, String> environment) {
        return isTerminal(environment, STANDARD_ERROR);
    }

    static boolean isTerminal(Map<String, String> environment, Path descriptor) {
        String kind = environment.getOrDefault("TERM", "dumb");
        try {
            return !kind.isEmpty()
                    && !kind.equals("dumb")
                    && Files.readSymbolicLink(descriptor)
                            .toString()
                            .matches("/dev/(pts/[0-9]+|tty[A-Za-z0-9]+|console)");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private void run() {
        try {
            do {
                rewrite(sample());
            } while (!closed.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException | ExecutionException | RejectedExecutionException e) {
            // The loop ends, and the program with it.
        }
    }

    private record Looked(@Nullable Population population, List<PathSample> samples) {}

    /** Of a loop that is too busy to answer only what is counted. */
    private String sample() throws InterruptedException, ExecutionException {
        Looked looked;
        try {
            looked = loop.submit(() -> {
                        List<PathSample> samples = new ArrayList<>();
                        view.sample(SESSIONS, samples::add);
                        return new Looked(view.population(), samples);
                    })
                    .get(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            looked = new Looked(null, List.of());
        }
        return text.next(System.nanoTime(), totals.snapshot(), looked.population, looked.samples);
    }

    private synchronized void rewrite(String line) {
        if (closed.getCount() > 0) {
            shown = true;
            write(ERASE + line.substring(0, Math.min(COLUMNS, line.length())));
        }
    }

    private void write(String bytes) {
        try {
            terminal.write(bytes.getBytes(StandardCharsets.US_ASCII));
            terminal.flush();
        } catch (IOException e) {
            // The terminal is gone; nobody looks.
            closed.countDown();
        }
    }

    /** Runs what writes whole lines to the terminal; the line moves below them. */
    @Override
    public synchronized void accept(Runnable log) {
        erase();
        log.run();
    }

    private void erase() {
        if (shown) {
            shown = false;
            write(ERASE);
        }
    }

    /** Takes the line away. */
    @Override
    public synchronized void close() {
        closed.countDown();
        erase();
    }
}
