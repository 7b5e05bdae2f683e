package dev.tandem.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The files that tell what a system is like: {@code /proc}, {@code /sys}, {@code /etc}. What cannot be read is not there.
 *
 * @param root what stands for {@code /}; another folder in tests
 */
public record SystemFiles(Path root) {
    /** Longest text that is read of one file. */
    private static final int MAX_BYTES = 1 << 20;

    /** Those of this machine. */
    public static SystemFiles ofThisMachine() {
        return new SystemFiles(Path.of("/"));
    }

    /** Where an absolute path is below the root. */
    public Path at(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    /** The text of a file, cut off at 1 MiB; empty if it cannot be read. */
    public Optional<String> text(String absolute) {
        try (InputStream in = Files.newInputStream(at(absolute))) {
            return Optional.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The number that is all of a file's text; empty if it is none or cannot be read. */
    public OptionalLong number(String absolute) {
        try {
            Optional<String> text = text(absolute);
            return text.isPresent() ? OptionalLong.of(Long.parseLong(text.get().strip())) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** Whether there is such a file. */
    public boolean exists(String absolute) {
        return Files.exists(at(absolute));
    }

    /** What is in a folder, sorted by name; nothing if it cannot be read. */
    public List<Path> list(String absolute) {
        try (Stream<Path> entries = Files.list(at(absolute))) {
            return entries.sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
