package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.memory.Place;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of networks as a file, whatever is in its place. */
@Timeout(60)
@SuppressWarnings("try") // the files have only to be open
class PathMemoryFileTest {
    private static final Place OFFICE = place(1);
    private static final Place CAFE = place(2);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final ProxyLog log = new ProxyLog((severity, line) -> lines.add(severity + " " + line), false);

    private static Place place(int port) {
        InetAddress here = InetAddress.getLoopbackAddress();
        return Place.of(new InetSocketAddress(here, port), here);
    }

    private static PathMemory newMemory() {
        return new PathMemory(InstantSource.system(), new SecureRandom());
    }

    private Path file() {
        return folder.resolve("utp_paths");
    }

    private PathMemoryFile open(PathMemory memory) throws IOException {
        return PathMemoryFile.open(StateFolder.open(folder), memory, log);
    }

    @Test
    void isThereInTheNextRunForItsOwnerOnly() throws Exception {
        PathMemory memory = newMemory();
        try (PathMemoryFile open = open(memory)) {
            memory.learnBlocked(OFFICE);
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
        PathMemory next = newMemory();
        open(next).close();
        assertTrue(next.isBlocked(OFFICE));
        assertEquals(memory.text(), Files.readString(file()));
        assertEquals(List.of(), lines);
    }

    @Test
    void twoProgramsWithOneFolderKnowWhatEitherLearned() throws Exception {
        PathMemory one = newMemory();
        PathMemory other = newMemory();
        try (PathMemoryFile first = open(one)) {
            await(one);
            try (PathMemoryFile second = open(other)) {
                one.learnBlocked(OFFICE);
                await(one);
                other.learnBlocked(CAFE);
            }
            assertTrue(other.isBlocked(OFFICE) && other.isBlocked(CAFE));
            one.learnWorks(OFFICE);
        }
        PathMemory next = newMemory();
        open(next).close();
        assertTrue(next.isBlocked(CAFE));
        assertEquals(2, next.size());
        assertEquals(List.of(), lines);
    }

    /** Until the file says what the memory does: it is written twice a second. */
    private void await(PathMemory memory) throws Exception {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!Files.exists(file()) || !Files.readString(file()).equals(memory.text())) {
            assertTrue(System.nanoTime() - end < 0, "not written within 30 s");
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "tandem paths 2\n", "long"})
    void aFileThatIsNoneIsToldInOneLineAndReplaced(String content) throws Exception {
        Files.writeString(file(), content.equals("long") ? "x".repeat(5_000) : content);
        PathMemory memory = newMemory();
        try (PathMemoryFile open = open(memory)) {
            memory.learnBlocked(OFFICE);
        }
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(
                lines.get(0).startsWith("WARNING what was learned of networks is forgotten, utp_paths: "),
                lines::toString);
        assertEquals(memory.text(), Files.readString(file()));
        lines.clear();
        PathMemory next = newMemory();
        open(next).close();
        assertTrue(next.isBlocked(OFFICE));
        assertEquals(List.of(), lines);
    }

    /** As root, nothing but a folder in its place can be neither read nor written. */
    @Test
    void whatCannotBeWrittenIsToldAndRemembered() throws Exception {
        Files.createDirectories(file().resolve("in the way"));
        PathMemory memory = newMemory();
        try (PathMemoryFile open = open(memory)) {
            memory.learnBlocked(OFFICE);
        }
        assertTrue(memory.isBlocked(OFFICE));
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(1).startsWith("WARNING utp_paths cannot be written: "), lines::toString);
        assertFalse(lines.toString().contains("\n"));
    }
}
