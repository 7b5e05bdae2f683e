package dev.tandem.doctor;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * The program that examines itself, as tor would start it.
 *
 * @param name {@code client-pt} or {@code server-pt}
 * @param jar its JAR, without symbolic links; where it was not started from one, the folder of its classes
 * @param javaHome of the Java that runs, without symbolic links
 */
public record Program(String name, Path jar, Path javaHome) {
    /**
     * The one that runs.
     *
     * @param main a class of it
     * @throws IOException if it cannot be told where it is, with a single line
     */
    public static Program of(String name, Class<?> main) throws IOException {
        try {
            Path jar = Path.of(
                    main.getProtectionDomain().getCodeSource().getLocation().toURI());
            return new Program(
                    name,
                    jar.toRealPath(),
                    Path.of(System.getProperty("java.home")).toRealPath());
        } catch (URISyntaxException e) {
            throw new IOException("the program's JAR cannot be found", e);
        }
    }

    /** The launcher that belongs to the JAR. */
    public String launcher() {
        return scripts() + "/" + name;
    }

    /** The folder that all is in. */
    public String top() {
        return Installation.top(jar);
    }

    /** The folder of the launcher, and of what it reads. */
    public String scripts() {
        return Installation.scripts(jar);
    }

    /** When the JAR was put there. */
    public Instant built() throws IOException {
        return Files.getLastModifiedTime(jar).toInstant();
    }

    /** The line of torrc that starts it. */
    public String pluginLine() {
        return pluginKey() + " utp exec " + launcher();
    }

    /** The first word of that line. */
    public String pluginKey() {
        return name.equals("client-pt") ? "ClientTransportPlugin" : "ServerTransportPlugin";
    }
}
