package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PublishedFile;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.memory.PathMemory;
import java.io.IOException;
import java.util.Optional;

/**
 * What was learned of networks, kept in the state folder. Another client may have the same folder: each takes in what the file
 * has before it writes, and replaces it as a whole. Of two that write at the same moment one is lost, which costs a dial.
 */
final class PathMemoryFile implements AutoCloseable {
    private static final String NAME = "utp_paths";

    private final StateFolder folder;
    private final PathMemory memory;
    private final PublishedFile file;
    private String published = "";

    private PathMemoryFile(StateFolder folder, PathMemory memory, ProxyLog log) {
        this.folder = folder;
        this.memory = memory;
        this.file = new PublishedFile(folder, NAME, this::content, log);
    }

    /** Reads the file, if there is one, and keeps it from then on. What is wrong with it is told in one line. */
    static PathMemoryFile open(StateFolder folder, PathMemory memory, ProxyLog log) {
        try {
            take(folder, memory);
        } catch (IOException | IllegalArgumentException e) {
            log.warning("what was learned of networks is forgotten, " + NAME + ": " + e.getMessage());
        }
        return new PathMemoryFile(folder, memory, log);
    }

    private static void take(StateFolder folder, PathMemory memory) throws IOException {
        Optional<byte[]> text = folder.read(NAME, PathMemory.MAX_BYTES);
        text.ifPresent(memory::merge);
    }

    /** Called on the writer's thread, and at the end on the one that closes it, one at a time. */
    private synchronized String content() {
        if (memory.text().equals(published)) {
            return published;
        }
        try {
            take(folder, memory);
        } catch (IOException | IllegalArgumentException e) {
            // Told when it was opened, or damaged since: it is replaced.
        }
        published = memory.text();
        return published;
    }

    /** Writes what was learned last. */
    @Override
    public void close() {
        file.close();
    }
}
