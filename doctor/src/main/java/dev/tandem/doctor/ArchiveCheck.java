package dev.tandem.doctor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Whether there is an archive of classes (AppCDS) for this JAR and this Java, as {@code scripts/launch.sh} would find it. */
public final class ArchiveCheck {
    private ArchiveCheck() {}

    /**
     * Looks beside the JAR.
     *
     * @param jar the program's
     * @param javaHome where Java is, whose {@code lib/modules} the archive depends on
     */
    public static Finding check(Path jar, Path javaHome) {
        if (!jar.getFileName().toString().endsWith(".jar") || !Files.isRegularFile(jar)) {
            return Finding.note("archive of classes: this program was not started from its JAR");
        }
        String make = Installation.scripts(jar) + "/archive";
        Path archive;
        boolean others;
        try {
            archive = name(jar, javaHome);
            others = hasOthers(jar);
        } catch (IOException | UnsupportedOperationException e) {
            return Finding.note("archive of classes: none for this Java, whose folder is not that of a Java runtime");
        }
        if (Files.isReadable(archive)) {
            return Finding.ok("archive of classes: " + archive.getFileName());
        }
        String slow = "All works without, but a proxy takes up to twice as long to start. As owner of the folder:";
        if (Files.exists(archive)) {
            return Finding.warn(
                    "archive of classes: there, but it cannot be read by this user", slow, "chmod a+r " + archive);
        }
        return others
                ? Finding.warn("archive of classes: stale, made of another JAR or for another Java", slow, make)
                : Finding.note("archive of classes: there is none", slow, make);
    }

    /** As {@code name_archive} of {@code scripts/launch.sh}: size, time of change and number of both files. */
    static Path name(Path jar, Path javaHome) throws IOException {
        String file = jar.getFileName().toString();
        String stem = file.substring(0, file.length() - ".jar".length());
        return jar.resolveSibling(
                stem + "-" + key(jar) + "-" + key(javaHome.toRealPath().resolve("lib/modules")) + ".jsa");
    }

    private static String key(Path file) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(file, "unix:size,ctime,ino");
        long changed = attributes.get("ctime") instanceof FileTime time ? time.to(TimeUnit.SECONDS) : 0;
        return attributes.get("size") + "-" + changed + "-" + attributes.get("ino");
    }

    private static boolean hasOthers(Path jar) throws IOException {
        String file = jar.getFileName().toString();
        String pattern = file.substring(0, file.length() - ".jar".length()) + "-*.jsa";
        try (DirectoryStream<Path> found = Files.newDirectoryStream(Installation.folder(jar), pattern)) {
            return found.iterator().hasNext();
        }
    }
}
