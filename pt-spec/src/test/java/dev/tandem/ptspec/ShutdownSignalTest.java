package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ShutdownSignalTest {
    private static CompletableFuture<Void> waiting(ShutdownSignal signal) {
        return CompletableFuture.runAsync(() -> {
            try {
                signal.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Not a child of ours, as a parent is not: its end is not told by the system, but seen. */
    @Test
    void hearsOfTheEndOfAnotherProcess() throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "sleep 60 & echo $!; wait").start();
        try (BufferedReader output = shell.inputReader(StandardCharsets.US_ASCII);
                ShutdownSignal signal = new ShutdownSignal()) {
            ProcessHandle other =
                    ProcessHandle.of(Long.parseLong(output.readLine())).orElseThrow();
            signal.watch(other);
            CompletableFuture<Void> end = waiting(signal);
            assertFalse(end.isDone());
            other.destroyForcibly();
            end.get(20, TimeUnit.SECONDS);
        } finally {
            shell.destroyForcibly();
        }
    }

    @Test
    void hearsOfOutputThatBreaks() throws Exception {
        TransportMessages messages = new TransportMessages(new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        try (ShutdownSignal signal = new ShutdownSignal()) {
            messages.whenBroken(signal::raise);
            CompletableFuture<Void> end = waiting(signal);
            assertFalse(end.isDone());
            messages.log(Severity.INFO, "anybody there?");
            end.get(10, TimeUnit.SECONDS);
        }
    }
}
