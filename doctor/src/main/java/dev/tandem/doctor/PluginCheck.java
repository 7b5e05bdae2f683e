package dev.tandem.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The line of a torrc that has tor start a proxy, and whether tor can. */
public final class PluginCheck {
    private static final String TRANSPORT = "utp";

    private final List<Finding> findings = new ArrayList<>();
    private @Nullable Path executable;

    private PluginCheck() {}

    /**
     * Looks at it.
     *
     * @param user whom tor runs as; null if that is not known
     */
    public static PluginCheck of(Torrc torrc, Program program, @Nullable FileAccess user) {
        PluginCheck check = new PluginCheck();
        check.look(torrc, program, user);
        return check;
    }

    /** What was found. */
    public List<Finding> findings() {
        return findings;
    }

    /** The program that tor is to start; null if none is named, or if it is not there. */
    public @Nullable Path executable() {
        return executable;
    }

    private void look(Torrc torrc, Program program, @Nullable FileAccess user) {
        Optional<Torrc.Line> found = torrc.all(program.pluginKey()).stream()
                .filter(line -> !line.words().isEmpty()
                        && Arrays.asList(line.words().get(0).split(",")).contains(TRANSPORT))
                .findFirst();
        if (found.isEmpty()) {
            findings.add(Finding.fail(
                    "torrc has no " + program.pluginKey() + " line for utp",
                    "tor does not know who speaks this transport. In torrc:",
                    program.pluginLine()));
            return;
        }
        Torrc.Line line = found.get();
        List<String> words = line.words();
        if (words.size() < 3 || !words.get(1).equals("exec")) {
            findings.add(Finding.fail(
                    line.where() + ": not 'utp exec PATH'",
                    "tor is to start the proxy by itself. In torrc, in place of that line:",
                    program.pluginLine()));
            return;
        }
        String path = words.get(2);
        if (!path.startsWith("/")) {
            findings.add(Finding.fail(
                    line.where() + ": " + path + " is not an absolute path",
                    "tor looks for it in the folder that it happens to be in, not in PATH. In torrc:",
                    program.pluginLine()));
            return;
        }
        Path file = Path.of(path);
        if (!Files.isRegularFile(file)) {
            findings.add(Finding.fail(
                    line.where() + ": there is no " + path,
                    "tor cannot start it. The launcher of this program, in torrc:",
                    program.pluginLine()));
            return;
        }
        executable = file;
        String name = file.getFileName().toString();
        if (List.of("client-pt", "server-pt").contains(name) && !name.equals(program.name())) {
            findings.add(Finding.fail(
                    line.where() + ": that is " + name + ", and this line is for " + program.name(),
                    "In torrc:",
                    program.pluginLine()));
            return;
        }
        findings.add(
                user == null
                        ? Finding.note(
                                line.where() + ": " + path + " is there; whether tor's user may start it is not known")
                        : access(line, file, program, user));
    }

    /** The launcher is a script: who starts it reads it, what it reads, and the JAR. */
    private static Finding access(Torrc.Line line, Path launcher, Program program, FileAccess user) {
        Optional<String> refusal = user.cannotExecute(launcher).or(() -> user.cannotRead(launcher));
        if (Files.isRegularFile(program.jar())) {
            refusal = refusal.or(() -> user.cannotRead(program.jar()));
        }
        refusal = refusal.or(() -> user.cannotExecute(program.javaHome().resolve("bin/java")));
        return refusal.isEmpty()
                ? Finding.ok(line.where() + ": " + user.name() + " may start " + launcher)
                : Finding.fail(
                        line.where() + ": " + user.name() + " " + refusal.get(),
                        "tor starts it as this user. Put Tandem where everybody may read it, /opt/tandem say, or:",
                        "chmod -R a+rX " + program.top());
    }
}
