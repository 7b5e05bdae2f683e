package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.metrics.MetricsAddress.UnixSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Unix socket's file: whose it is, who may open it, and what becomes of it. */
class SocketFileTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private Path path() {
        return folder.resolve("m.sock");
    }

    private MetricsListener listen() throws IOException {
        MetricsListener listener = new MetricsListener(10_000, "text/plain", () -> new byte[0]);
        try {
            listener.listen(new UnixSocket(path()));
            return listener;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private void connect() throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
            assertTrue(channel.isConnected());
        }
    }

    /** One whose process has died: nothing removes it when it is closed. */
    private void leaveStale() throws IOException {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path()));
        }
        assertTrue(Files.exists(path(), LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void isForUserAndGroupAndGoneAtTheEnd() throws IOException {
        try (MetricsListener listener = listen()) {
            assertEquals(0, listener.port());
            assertEquals("rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
            assertEquals(List.of(path()), files());
            connect();
        }
        assertEquals(List.of(), files());
    }

    @Test
    @SuppressWarnings("try")
    void takesThePlaceOfADeadOne() throws IOException {
        leaveStale();
        try (MetricsListener listener = listen()) {
            connect();
        }
        assertEquals(List.of(), files());
    }

    @Test
    @SuppressWarnings("try")
    void leavesALiveOneAlone() throws IOException {
        try (MetricsListener first = listen()) {
            IOException refused = assertThrows(IOException.class, this::listen);
            assertEquals("the Unix socket is in use by another process", refused.getMessage());
            assertEquals(List.of(path()), files());
            connect();
        }
    }

    @Test
    void leavesWhatIsNoSocketAlone() throws IOException {
        Files.writeString(path(), "precious");
        IOException refused = assertThrows(IOException.class, this::listen);
        assertEquals("the place of the Unix socket is taken by something else", refused.getMessage());
        assertEquals("precious", Files.readString(path()));
        Files.delete(path());
        Files.createSymbolicLink(path(), folder.resolve("elsewhere"));
        assertThrows(IOException.class, this::listen);
        assertTrue(Files.isSymbolicLink(path()));
    }

    @Test
    @SuppressWarnings("try")
    void doesNotRemoveWhatAnotherProcessHasPutThere() throws IOException {
        MetricsListener first = listen();
        Files.delete(path());
        try (MetricsListener second = listen()) {
            first.close();
            connect();
        }
        assertFalse(Files.exists(path()));
    }

    @Test
    void saysThatTheFolderIsMissing() {
        MetricsListener listener = new MetricsListener(10_000, "text/plain", () -> new byte[0]);
        IOException refused = assertThrows(
                IOException.class,
                () -> listener.listen(new UnixSocket(folder.resolve("missing").resolve("m.sock"))));
        listener.close();
        assertEquals(
                "the Unix socket cannot be made: its folder is missing or cannot be written to", refused.getMessage());
    }
}
