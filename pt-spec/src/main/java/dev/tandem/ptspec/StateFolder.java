package dev.tandem.ptspec;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folder where a transport keeps what must survive a restart ({@code TOR_PT_STATE_LOCATION}, pt-spec 3.2.1).
 *
 * <p>Folders that it makes are for the owner only (0700), and so are the files (0600), where the file system knows POSIX permissions. A file is
 * replaced as a whole or not at all, also when the machine stops in the middle. Errors are one line and name the file.
 */
public final class StateFolder {
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

    private static final String TEMPORARY = ".tmp";

    /** Whatever has not been touched for so long is not being written. */
    private static final long LEFTOVER_MILLIS = 60L * 60 * 1000;

    private final Path folder;

    /** Who owns the files that we write; null where the file system does not say. */
    private final @Nullable UserPrincipal self;

    private StateFolder(Path folder, @Nullable UserPrincipal self) {
        this.folder = folder;
        this.self = self;
    }

    /**
     * Opens the folder, and makes it and its parents if they are missing.
     *
     * @throws IOException if it cannot be made, or is not a folder that can be written to
     */
    public static StateFolder open(Path folder) throws IOException {
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder, permissions(folder, "rwx------"));
            }
            // Asking is not enough: a read-only file system or a full disk shows only when written to.
            Path probe = Files.createTempFile(folder, ".probe", TEMPORARY, permissions(folder, "rw-------"));
            try {
                removeLeftovers(folder, Files.getLastModifiedTime(probe).toMillis());
                return new StateFolder(folder, owner(probe));
            } finally {
                Files.deleteIfExists(probe);
            }
        } catch (IOException e) {
            throw failure("cannot write to the state folder " + folder, e);
        }
    }

    /** What was being written when the machine stopped: it may hold secrets, and nobody will ask for it. */
    private static void removeLeftovers(Path folder, long nowMillis) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*" + TEMPORARY)) {
            for (Path file : files) {
                if (nowMillis - Files.getLastModifiedTime(file).toMillis() > LEFTOVER_MILLIS) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // They do no harm to us, and another proxy may have been quicker.
        }
    }

    private static @Nullable UserPrincipal owner(Path file) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix") ? Files.getOwner(file) : null;
    }

    /** Where it is. */
    public Path path() {
        return folder;
    }

    /**
     * Writes a file, or replaces it, atomically.
     *
     * @param name a plain file name of ASCII letters, digits, {@code _}, {@code .} and {@code -}, not starting with a dot or dash
     * @throws IOException if that fails; an old file is then as it was
     */
    public void write(String name, byte[] content) throws IOException {
        Path file = resolve(name);
        try {
            Path temporary = Files.createTempFile(folder, "." + name, TEMPORARY, permissions(folder, "rw-------"));
            try {
                try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                    ByteBuffer rest = ByteBuffer.wrap(content);
                    while (rest.hasRemaining()) {
                        channel.write(rest);
                    }
                    // Before the rename, or a crash could leave the new name on an empty file.
                    channel.force(true);
                }
                move(temporary, file);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw failure("cannot write " + file, e);
        }
        syncFolder();
    }

    /**
     * Reads a file.
     *
     * @param name see {@link #write}
     * @param maxBytes the size that a file of this kind never exceeds
     * @return its content, or nothing if there is no such file
     * @throws IOException if it cannot be read, is longer than {@code maxBytes}, or belongs to somebody else, who then knows what is in
     *     it and may change it
     */
    public Optional<byte[]> read(String name, int maxBytes) throws IOException {
        Path file = resolve(name);
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            if (self != null && !self.equals(owner(file))) {
                throw new IOException("it belongs to another user");
            }
            content = in.readNBytes(maxBytes + 1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failure("cannot read " + file, e);
        }
        if (content.length > maxBytes) {
            throw new IOException("cannot read " + file + ": longer than " + maxBytes + " bytes");
        }
        return Optional.of(content);
    }

    private Path resolve(String name) {
        if (!FILE_NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a plain file name");
        }
        return folder.resolve(name);
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException | UnsupportedOperationException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Makes the rename itself durable, where a folder can be opened for that. */
    private void syncFolder() {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException | UnsupportedOperationException e) {
            // Not every system can: the file itself is safe.
        }
    }

    private static FileAttribute<?>[] permissions(Path path, String permissions) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static IOException failure(String what, IOException e) {
        String why;
        if (e instanceof AccessDeniedException) {
            why = "permission denied";
        } else if (e instanceof FileAlreadyExistsException) {
            why = "there is a file in its place";
        } else if (e instanceof NoSuchFileException) {
            why = "no such file or folder";
        } else if (e instanceof FileSystemException fileSystem && fileSystem.getReason() != null) {
            why = fileSystem.getReason();
        } else {
            why = String.valueOf(e.getMessage());
        }
        return new IOException(TransportMessages.singleLine(what + ": " + why), e);
    }
}
