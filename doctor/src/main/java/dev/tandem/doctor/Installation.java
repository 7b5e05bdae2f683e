package dev.tandem.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where the launchers of a JAR are: beside it in a package, which has all in one folder; else as in the source tree. */
final class Installation {
    private Installation() {}

    /** The folder that all is in. Of the source tree, that of {@code PROGRAM/target/PROGRAM.jar}. */
    static String top(Path jar) {
        @Nullable Path at = folder(jar);
        for (int up = 0; !isPackaged(jar) && up < 2 && at != null; up++) {
            at = at.getParent();
        }
        return at == null ? "/PATH/TO/tandem" : at.toString();
    }

    /** The folder of the launchers, and of what they read. */
    static String scripts(Path jar) {
        return isPackaged(jar) ? top(jar) : top(jar) + "/scripts";
    }

    private static boolean isPackaged(Path jar) {
        return Files.isRegularFile(folder(jar).resolve("launch.sh"));
    }

    /** The folder that the file is in. */
    static Path folder(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        return parent == null ? Path.of("/") : parent;
    }
}
