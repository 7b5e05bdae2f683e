package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileAccessTest {
    /** Nobody's. */
    private static final FileAccess STRANGER = new FileAccess("debian-tor", 4_000_000_000L, List.of(4_000_000_000L));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    @Test
    void findsUsersAndTheirGroups() {
        FakeSystem system = new FakeSystem(root)
                .with("/etc/passwd", "root:x:0:0::/root:/bin/sh\nbad\ndebian-tor:x:102:107::/var/lib/tor:/bin/false\n")
                .with("/etc/group", "ssl:x:9:a,debian-tor\nother:x:10:debian-torx\n");
        assertEquals(
                Optional.of(new FileAccess("debian-tor", 102, List.of(107L, 9L))),
                FileAccess.of(system.files(), "debian-tor"));
        assertEquals(Optional.empty(), FileAccess.of(system.files(), "nobody"));
    }

    @Test
    void goesByTheBitsOfFileAndFolders() throws Exception {
        FakeSystem.mode(root, "rwxr-xr-x");
        Path folder = Files.createDirectory(root.resolve("a"));
        Path file = Files.writeString(folder.resolve("b"), "");
        FakeSystem.mode(folder, "rwx--x--x");
        FakeSystem.mode(file, "rwxr-x---");
        assertEquals(
                "may not execute " + file.toRealPath(),
                STRANGER.cannotExecute(file).orElseThrow());
        assertEquals(
                "may not read " + file.toRealPath(), STRANGER.cannotRead(file).orElseThrow());
        FakeSystem.mode(file, "rwxr-xr-x");
        assertEquals(Optional.empty(), STRANGER.cannotExecute(file));
        FakeSystem.mode(folder, "rwx------");
        assertEquals(
                "may not enter " + folder.toRealPath(),
                STRANGER.cannotExecute(file).orElseThrow());
        assertEquals(
                "has no " + root.resolve("c"),
                STRANGER.cannotRead(root.resolve("c")).orElseThrow());
    }

    @Test
    void knowsOwnerGroupAndRoot() throws Exception {
        FakeSystem.mode(root, "rwxr-xr-x");
        Path file = Files.writeString(root.resolve("b"), "");
        long uid = ((Number) Files.getAttribute(file, "unix:uid")).longValue();
        long gid = ((Number) Files.getAttribute(file, "unix:gid")).longValue();
        FakeSystem.mode(file, "---r-xr--");
        FileAccess group = new FileAccess("g", 4_000_000_000L, List.of(gid));
        assertEquals(Optional.empty(), group.cannotExecute(file));
        assertTrue(STRANGER.cannotExecute(file).isPresent());
        if (uid != 0) {
            assertTrue(new FileAccess("o", uid, List.of(gid)).cannotRead(file).isPresent());
        }
        FileAccess root = new FileAccess("root", 0, List.of(0L));
        FakeSystem.mode(file, "---------");
        assertEquals(Optional.empty(), root.cannotRead(file));
        assertTrue(root.cannotExecute(file).isPresent());
    }
}
