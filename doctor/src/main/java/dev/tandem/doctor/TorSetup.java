package dev.tandem.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A torrc and the tor that reads it: whether that tor can start the proxy. */
public final class TorSetup {
    private static final Pattern DEFAULTS = Pattern.compile("--defaults-torrc (\\S+)");

    private final SystemFiles files;
    private final Program program;
    private final Path file;
    private final Torrc torrc;
    private final @Nullable ServiceUnit unit;
    private final @Nullable ServiceUnit other;
    private final @Nullable FileAccess user;

    private TorSetup(
            SystemFiles files, Program program, Path file, Torrc torrc, @Nullable ServiceUnit found, String self) {
        this.files = files;
        this.program = program;
        this.file = file;
        this.torrc = torrc;
        boolean reads = found != null && found.reads(file.toString());
        this.unit = reads ? found : null;
        this.other = reads ? null : found;
        this.user = FileAccess.of(files, userName(self)).orElse(null);
    }

    /**
     * Reads the file.
     *
     * @param service the systemd service that may be the one which reads it
     * @param self whom this program runs as: who starts tor by hand, if it is not that service
     * @throws IOException if the file cannot be read, with a single line
     */
    public static TorSetup read(SystemFiles files, Program program, Path file, String service, String self)
            throws IOException {
        Path absolute = file.toAbsolutePath().normalize();
        String text;
        try {
            text = Files.readString(absolute);
        } catch (IOException e) {
            throw new IOException("torrc: " + file + " cannot be read", e);
        }
        ServiceUnit found = ServiceUnit.find(files, service).orElse(null);
        return new TorSetup(files, program, absolute, Torrc.parse(text), found, self);
    }

    private String userName(String self) {
        Optional<String> named = torrc.last("User").map(Torrc.Line::value);
        if (named.isEmpty() && unit != null) {
            Matcher defaults = DEFAULTS.matcher(unit.last("ExecStart").orElse(""));
            if (defaults.find()) {
                named = Torrc.parse(files.text(defaults.group(1)).orElse(""))
                        .last("User")
                        .map(Torrc.Line::value);
            }
            named = named.or(() -> unit.last("User"));
        }
        return named.orElse(unit == null ? self : "root");
    }

    /** The lines. */
    public Torrc torrc() {
        return torrc;
    }

    /** The service that reads them; null if none does. */
    public @Nullable ServiceUnit unit() {
        return unit;
    }

    /** Whom tor runs as; null if the system does not know that user. */
    public @Nullable FileAccess user() {
        return user;
    }

    /** Whether tor can start the proxy. */
    public List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        if (torrc.hasIncludes()) {
            findings.add(Finding.note("torrc: what %include names is not looked at"));
        }
        PluginCheck plugin = PluginCheck.of(torrc, program, user);
        findings.addAll(plugin.findings());
        Path executable = plugin.executable();
        if (other != null) {
            findings.add(Finding.note(other.name() + " does not read " + file + ": its sandbox is not looked at"));
        }
        if (unit != null && executable != null) {
            Path launcher = real(executable);
            findings.addAll(ServiceCheck.check(unit, List.of(launcher, program.jar(), program.javaHome())));
            findings.add(new AppArmorCheck(files, program, launcher).check(unit));
        }
        return findings;
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }
}
