package dev.tandem.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a user may do with a file by the mode bits of it and of the folders above it. Access control lists and security modules may
 * say otherwise.
 *
 * @param name of the user
 * @param uid the user's number; 0 may everything
 * @param gids the user's groups
 */
public record FileAccess(String name, long uid, List<Long> gids) {
    private static final int READ = 4;
    private static final int EXECUTE = 1;

    /** Copies the groups. */
    public FileAccess {
        gids = List.copyOf(gids);
    }

    /** Looks a user up in {@code /etc/passwd} and {@code /etc/group}. */
    public static Optional<FileAccess> of(SystemFiles files, String user) {
        for (String line : files.text("/etc/passwd").orElse("").split("\n", -1)) {
            String[] fields = line.split(":", -1);
            if (fields.length > 3 && fields[0].equals(user) && isNumber(fields[2]) && isNumber(fields[3])) {
                List<Long> gids = new ArrayList<>();
                gids.add(Long.parseLong(fields[3]));
                for (String group : files.text("/etc/group").orElse("").split("\n", -1)) {
                    String[] parts = group.split(":", -1);
                    if (parts.length > 3
                            && isNumber(parts[2])
                            && List.of(parts[3].split(",")).contains(user)) {
                        gids.add(Long.parseLong(parts[2]));
                    }
                }
                return Optional.of(new FileAccess(user, Long.parseLong(fields[2]), gids));
            }
        }
        return Optional.empty();
    }

    private static boolean isNumber(String text) {
        return text.matches("[0-9]{1,10}");
    }

    /** Why the user cannot read the file, in words that go behind the user's name; empty if he can. */
    public Optional<String> cannotRead(Path file) {
        return refusal(file, READ, "read");
    }

    /** Why the user cannot execute the file; empty if he can. */
    public Optional<String> cannotExecute(Path file) {
        return refusal(file, EXECUTE, "execute");
    }

    private Optional<String> refusal(Path file, int wanted, String verb) {
        try {
            Path real = file.toRealPath();
            Deque<Path> folders = new ArrayDeque<>();
            for (@Nullable Path at = real.getParent(); at != null; at = at.getParent()) {
                folders.push(at);
            }
            for (Path folder : folders) {
                if (!may(folder, EXECUTE)) {
                    return Optional.of("may not enter " + folder);
                }
            }
            return may(real, wanted) ? Optional.empty() : Optional.of("may not " + verb + " " + real);
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.of("has no " + file);
        }
    }

    private boolean may(Path path, int wanted) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,uid,gid");
        int mode = number(attributes, "mode").intValue();
        if (uid == 0) {
            return wanted != EXECUTE || Files.isDirectory(path) || (mode & 0111) != 0;
        }
        int shift = number(attributes, "uid").longValue() == uid
                ? 6
                : gids.contains(number(attributes, "gid").longValue()) ? 3 : 0;
        return (mode >> shift & wanted) != 0;
    }

    private static Number number(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof Number number ? number : 0;
    }
}
