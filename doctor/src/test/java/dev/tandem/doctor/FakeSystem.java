package dev.tandem.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A folder that stands for the root of a system. */
final class FakeSystem {
    private final Path root;

    FakeSystem(Path root) {
        this.root = root;
    }

    SystemFiles files() {
        return new SystemFiles(root);
    }

    FakeSystem with(String path, String text) {
        try {
            Path file = files().at(path);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    static Path mode(Path path, String permissions) throws IOException {
        return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    /** An installation below the root, that everybody may read: scripts, JAR, Java. */
    Program program(String name) throws IOException {
        mode(root, "rwxr-xr-x");
        with("/opt/tandem/scripts/" + name, "#!/bin/sh\n");
        with("/opt/tandem/" + name + "/target/" + name + ".jar", "jar");
        with("/jvm/bin/java", "java");
        with("/jvm/lib/modules", "modules");
        mode(files().at("/opt/tandem/scripts/" + name), "rwxr-xr-x");
        mode(files().at("/jvm/bin/java"), "rwxr-xr-x");
        return new Program(
                name,
                files().at("/opt/tandem/" + name + "/target/" + name + ".jar").toRealPath(),
                files().at("/jvm").toRealPath());
    }
}
