package dev.tandem.metrics;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The file of a Unix socket: made in a folder that only this user may enter, and moved to its place when its mode is right, so
 * that at no moment others can connect. One that a dead process left is replaced; one of a live process is not.
 */
final class SocketFile implements AutoCloseable {
    private static final int TYPE_MASK = 0170000;
    private static final int TYPE_SOCKET = 0140000;

    private final Path path;
    private final Path folder;
    private @Nullable Object key;

    private SocketFile(Path path, Path folder) {
        this.path = path;
        this.folder = folder;
    }

    /**
     * Sees that the place is free, and makes the folder.
     *
     * @throws IOException if it is not, or if nothing can be made there, with a single line
     */
    static SocketFile prepare(Path path) throws IOException {
        checkFree(path);
        try {
            Path folder = Files.createTempDirectory(
                    path.getParent(),
                    ".",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return new SocketFile(path, folder);
        } catch (IOException e) {
            throw new IOException("the Unix socket cannot be made: its folder is missing or cannot be written to", e);
        }
    }

    private static void checkFree(Path path) throws IOException {
        int mode;
        try {
            mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if ((mode & TYPE_MASK) != TYPE_SOCKET) {
            throw new IOException("the place of the Unix socket is taken by something else");
        }
        if (isAlive(path)) {
            throw new IOException("the Unix socket is in use by another process");
        }
    }

    /** Only a refusal is proof that nobody listens. */
    private static boolean isAlive(Path path) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // A queue that is full must not hold us up.
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Where to bind. */
    Path inside() {
        return folder.resolve("s");
    }

    /** It is bound: moves it to its place. */
    void publish() throws IOException {
        Files.setPosixFilePermissions(inside(), PosixFilePermissions.fromString("rw-rw----"));
        key = Files.readAttributes(inside(), BasicFileAttributes.class).fileKey();
        Files.move(inside(), path, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(folder);
    }

    /** Removes what was made, unless another process has put its own there meanwhile. */
    @Override
    public void close() throws IOException {
        if (key == null) {
            Files.deleteIfExists(inside());
            Files.deleteIfExists(folder);
            return;
        }
        try {
            BasicFileAttributes there =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (key.equals(there.fileKey())) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // somebody has cleaned up
        }
    }
}
