package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFolderTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path temporary;

    @Test
    void makesFoldersAndFilesForTheOwnerOnly() throws Exception {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
        Path path = temporary.resolve("a/b/state");
        StateFolder folder = StateFolder.open(path);
        folder.write("key", new byte[] {1});
        assertEquals("rwx------", permissions(temporary.resolve("a")));
        assertEquals("rwx------", permissions(temporary.resolve("a/b")));
        assertEquals("rwx------", permissions(path));
        assertEquals("rw-------", permissions(path.resolve("key")));
    }

    @Test
    void writesReplacesAndReads() throws Exception {
        StateFolder folder = StateFolder.open(temporary.resolve("state"));
        assertEquals(Optional.empty(), folder.read("key", 10));
        folder.write("key", new byte[] {1, 2, 3});
        folder.write("key", new byte[] {4, 5});
        assertArrayEquals(new byte[] {4, 5}, folder.read("key", 2).orElseThrow());
        folder.write("empty", new byte[0]);
        assertArrayEquals(new byte[0], folder.read("empty", 0).orElseThrow());
        assertEquals(List.of("empty", "key"), list(folder.path()));
        assertArrayEquals(
                new byte[] {4, 5},
                StateFolder.open(folder.path()).read("key", 10).orElseThrow());
    }

    @Test
    void boundsWhatItReads() throws Exception {
        StateFolder folder = StateFolder.open(temporary);
        folder.write("key", new byte[11]);
        IOException e = assertThrows(IOException.class, () -> folder.read("key", 10));
        assertEquals("cannot read " + temporary.resolve("key") + ": longer than 10 bytes", e.getMessage());
    }

    @Test
    void saysWhenAFileIsInTheWay() throws Exception {
        Path file = Files.createFile(temporary.resolve("state"));
        IOException e = assertThrows(IOException.class, () -> StateFolder.open(file));
        assertEquals("cannot write to the state folder " + file + ": there is a file in its place", e.getMessage());
        IOException below = assertThrows(IOException.class, () -> StateFolder.open(file.resolve("state")));
        assertTrue(
                String.valueOf(below.getMessage()).startsWith("cannot write to the state folder " + file),
                below.getMessage());
    }

    @Test
    void saysWhenItCannotBeWritten() {
        Path path = Path.of("/proc/self/tandem");
        assumeTrue(Files.isDirectory(Path.of("/proc/self")));
        IOException e = assertThrows(IOException.class, () -> StateFolder.open(path));
        assertTrue(String.valueOf(e.getMessage()).startsWith("cannot write to the state folder " + path + ": "));
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoOther() throws Exception {
        StateFolder folder = StateFolder.open(temporary.resolve("state"));
        // A folder that is not empty cannot be replaced by a file, not even by root.
        Files.createDirectories(folder.path().resolve("key/x"));
        IOException e = assertThrows(IOException.class, () -> folder.write("key", new byte[1]));
        assertTrue(String.valueOf(e.getMessage())
                .startsWith("cannot write " + folder.path().resolve("key") + ": "));
        assertEquals(List.of("key"), list(folder.path()));
        assertThrows(IOException.class, () -> folder.read("key", 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", ".key", "../key", "a/b", "-key", "a\0b"})
    void staysWithinTheFolder(String name) throws Exception {
        StateFolder folder = StateFolder.open(temporary);
        assertThrows(IllegalArgumentException.class, () -> folder.write(name, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> folder.read(name, 1));
    }

    @Test
    void refusesAFileOfSomebodyElse() throws Exception {
        StateFolder folder = StateFolder.open(temporary.resolve("state"));
        folder.write("key", new byte[] {1});
        Path file = folder.path().resolve("key");
        try {
            Files.setAttribute(file, "unix:uid", 12345);
        } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
            abort("only root can give a file away");
        }
        IOException e = assertThrows(IOException.class, () -> folder.read("key", 10));
        assertEquals("cannot read " + file + ": it belongs to another user", e.getMessage());
    }

    @Test
    void removesWhatACrashLeftBehindAndNothingElse() throws Exception {
        Path path = temporary.resolve("state");
        StateFolder.open(path);
        FileTime longAgo = FileTime.fromMillis(System.currentTimeMillis() - 2 * 60 * 60 * 1000);
        for (String name : List.of(".key123.tmp", "key", ".other", "x.tmp")) {
            Files.setLastModifiedTime(Files.createFile(path.resolve(name)), longAgo);
        }
        Files.createFile(path.resolve(".key456.tmp")); // somebody writes it now
        StateFolder.open(path);
        assertEquals(List.of(".key456.tmp", ".other", "key", "x.tmp"), list(path));
    }

    @Test
    void worksWithoutPosixPermissions() throws Exception {
        try (FileSystem zip = FileSystems.newFileSystem(temporary.resolve("state.zip"), Map.of("create", "true"))) {
            assertTrue(!zip.supportedFileAttributeViews().contains("posix"));
            StateFolder folder = StateFolder.open(zip.getPath("/a/state"));
            folder.write("key", new byte[] {1});
            folder.write("key", new byte[] {2});
            assertArrayEquals(new byte[] {2}, folder.read("key", 10).orElseThrow());
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static List<String> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }
}
