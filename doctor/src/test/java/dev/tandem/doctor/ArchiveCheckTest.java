package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveCheckTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    @Test
    void tellsWhetherThereIsOneForThisJarAndJava() throws IOException {
        Program program = new FakeSystem(root).program("server-pt");
        Finding none = ArchiveCheck.check(program.jar(), program.javaHome());
        assertEquals(Level.NOTE, none.level());
        assertEquals(program.top() + "/scripts/archive", none.paste().get(0));
        Path archive = ArchiveCheck.name(program.jar(), program.javaHome());
        Files.writeString(archive, "");
        assertEquals(
                Level.OK, ArchiveCheck.check(program.jar(), program.javaHome()).level());
        Files.writeString(program.jar(), "another one");
        Finding stale = ArchiveCheck.check(program.jar(), program.javaHome());
        assertEquals(Level.WARN, stale.level());
        assertTrue(stale.text().contains("stale"), stale.text());
    }

    /** A package has all in one folder. */
    @Test
    void findsTheLaunchersOfAPackageBesideTheJar() throws IOException {
        Path jar = Files.writeString(root.resolve("server-pt.jar"), "jar");
        Files.writeString(root.resolve("launch.sh"), "");
        Program program = new Program("server-pt", jar, root.resolve("java"));
        assertEquals(root.toString(), program.top());
        assertEquals(root + "/server-pt", program.launcher());
        Files.createDirectories(root.resolve("java/lib"));
        Files.writeString(root.resolve("java/lib/modules"), "modules");
        Finding none = ArchiveCheck.check(jar, program.javaHome());
        assertEquals(root + "/archive", none.paste().get(0));
    }

    @Test
    void saysWhatItCannotLookAt() throws IOException {
        Program program = new FakeSystem(root).program("server-pt");
        assertEquals(Level.NOTE, ArchiveCheck.check(root, program.javaHome()).level());
        assertEquals(Level.NOTE, ArchiveCheck.check(program.jar(), root).level());
    }

    /** The name is made in a shell where it is used. */
    @Test
    void namesItAsTheLauncherDoes() throws Exception {
        Program program = new FakeSystem(root).program("client-pt");
        Path launch = Path.of("..", "scripts", "launch.sh").toAbsolutePath();
        Process shell = new ProcessBuilder(
                        "sh",
                        "-c",
                        ". \"$1\" && jar=$2 java=$3 && name_archive && printf %s \"$archive\"",
                        "sh",
                        launch.toString(),
                        program.jar().toString(),
                        program.javaHome() + "/bin/java")
                .redirectErrorStream(true)
                .start();
        String named = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(shell.waitFor(30, TimeUnit.SECONDS));
        assertEquals(ArchiveCheck.name(program.jar(), program.javaHome()).toString(), named);
    }
}
