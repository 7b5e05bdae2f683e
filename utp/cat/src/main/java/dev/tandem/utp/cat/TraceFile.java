package dev.tandem.utp.cat;

import dev.tandem.utp.protocol.trace.ConnectionTrace;
import dev.tandem.utp.protocol.trace.QlogTrace;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where the first connection's trace goes, if anywhere. Written on the event loop, closed when that has ended. */
final class TraceFile implements AutoCloseable {
    private final @Nullable Path file;
    private final @Nullable Writer writer;
    private @Nullable QlogTrace trace;

    private TraceFile(@Nullable Path file, @Nullable Writer writer) {
        this.file = file;
        this.writer = writer;
    }

    /** Opens a file, or nothing if there is none. */
    static TraceFile open(@Nullable Path file) throws IOException {
        try {
            return new TraceFile(file, file == null ? null : Files.newBufferedWriter(file));
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    ConnectionTrace.Factory factory() {
        return initiator -> {
            if (writer == null || trace != null) {
                return null;
            }
            trace = new QlogTrace(writer, initiator);
            return trace;
        };
    }

    @Override
    public void close() throws IOException {
        if (writer == null) {
            return;
        }
        try (writer) {
            if (trace != null && trace.failure() != null) {
                throw trace.failure();
            }
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    private static IOException failure(@Nullable Path file, IOException cause) {
        return new IOException("the trace cannot be written to " + file + ": " + cause.getMessage(), cause);
    }
}
