package dev.tandem.utp.cat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/** A foreign implementation in a process of its own, which tells in lines on its standard output how it fares. */
final class PeerProcess implements AutoCloseable {
    private static final boolean REQUIRED = "required".equals(System.getenv("TANDEM_INTEROP"));
    private static final int MAX_LOG_LINES = 200;
    private static final int END_SECONDS = 10;

    private final Process process;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    private final ConcurrentLinkedDeque<String> log = new ConcurrentLinkedDeque<>();

    PeerProcess(Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        process = builder.start();
        read(process.inputReader(StandardCharsets.UTF_8), line -> lines.add(Optional.of(line)), true);
        read(process.errorReader(StandardCharsets.UTF_8), line -> {}, false);
    }

    private interface Sink {
        void accept(String line);
    }

    private void read(BufferedReader from, Sink sink, boolean marksEnd) {
        Thread reader = new Thread(
                () -> {
                    try (from) {
                        for (String line; (line = from.readLine()) != null; ) {
                            log.add(line);
                            if (log.size() > MAX_LOG_LINES) {
                                log.poll();
                            }
                            sink.accept(line);
                        }
                    } catch (IOException e) {
                        // The process was killed.
                    }
                    if (marksEnd) {
                        lines.add(Optional.empty());
                    }
                },
                "peer-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Ends the test if a peer is missing: as a failure where peers are demanded, else as skipped, with the reason. */
    static void require(boolean present, String reason) {
        if (!present) {
            if (REQUIRED) {
                throw new AssertionError(reason);
            }
            throw new TestAbortedException(reason);
        }
    }

    /** Whether a command runs and succeeds. */
    static boolean succeeds(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return false;
            }
            return process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The next line that fits; lines before it are passed over. */
    String await(int seconds, Predicate<String> wanted) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (true) {
            Optional<String> line = lines.poll(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new AssertionError("the peer is silent for " + seconds + " s" + log());
            }
            if (line.isEmpty()) {
                throw new AssertionError("the peer has ended" + log());
            }
            if (wanted.test(line.get())) {
                return line.get();
            }
        }
    }

    /** The next line of JSON that has the field. */
    String awaitField(int seconds, String field) throws InterruptedException {
        return await(seconds, line -> line.contains("\"" + field + "\":"));
    }

    /** A field of a line of JSON: a string, or a number as it is written. */
    static String field(String json, String name) {
        Matcher matcher =
                Pattern.compile("\"" + name + "\": ?(?:\"([^\"]*)\"|(-?\\d+))").matcher(json);
        if (!matcher.find()) {
            throw new AssertionError("no " + name + " in " + json);
        }
        return matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    }

    /** The last that it wrote, for a failure's message. */
    String log() {
        return "; the peer's log:\n  " + String.join("\n  ", log);
    }

    /** Ends it as a crash does: it can say nothing more. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd(END_SECONDS);
    }

    /** Its exit code. */
    int awaitEnd(int seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new AssertionError("the peer has not ended after " + seconds + " s" + log());
        }
        return process.exitValue();
    }

    /** Closes its standard input, which asks it to end in order. */
    void leave() throws IOException {
        process.getOutputStream().close();
    }

    /** Kills it if it is still there. What it leaves behind lies in the test's folder. */
    @Override
    public void close() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(END_SECONDS, TimeUnit.SECONDS)
                .join();
    }
}
