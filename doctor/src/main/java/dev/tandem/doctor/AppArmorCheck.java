package dev.tandem.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether the AppArmor profile that Debian's tor runs under lets it start the proxy (apparmor.d(5)). */
public final class AppArmorCheck {
    private static final String PROFILE = "system_tor";
    private static final String FOLDER = "/etc/apparmor.d/";
    private static final String LOCAL = FOLDER + "local/" + PROFILE;
    /** Of one profile; who includes more is not understood. */
    private static final int MAX_FILES = 64;
    /** PATH PERMISSIONS, of which a path in quotes and what stands before or behind is not looked at. */
    private static final Pattern RULE = Pattern.compile("(?:owner\\s+)?(/\\S*)\\s+([a-zA-Z]+)\\s*,.*");
    /** With the hash that it once began with, and that does not make it a comment. */
    private static final Pattern INCLUDE = Pattern.compile("#?include\\s+(?:if\\s+exists\\s+)?<([^>]+)>.*");

    private record Rule(Pattern path, String permissions) {}

    private final SystemFiles files;
    private final Program program;
    private final Path launcher;

    /** @param launcher what torrc has tor start */
    public AppArmorCheck(SystemFiles files, Program program, Path launcher) {
        this.files = files;
        this.program = program;
        this.launcher = launcher;
    }

    /** Looks at it. */
    public Finding check(ServiceUnit unit) {
        String enabled = files.text("/sys/module/apparmor/parameters/enabled").orElse("N");
        if (!enabled.startsWith("Y")) {
            return Finding.ok("AppArmor: not in use here");
        }
        if (unit.all("AppArmorProfile").stream()
                .noneMatch(value -> value.replaceFirst("^-", "").equals(PROFILE))) {
            return Finding.ok("AppArmor: " + unit.name() + " has no profile");
        }
        Optional<String> loaded = files.text("/sys/kernel/security/apparmor/profiles");
        if (loaded.isEmpty() && !files.exists("/etc/apparmor.d/" + PROFILE)) {
            return Finding.ok("AppArmor: there is no profile " + PROFILE);
        }
        String mode = loaded.map(AppArmorCheck::modeIn).orElse("not known: only root can see it");
        if (mode.isEmpty()) {
            return Finding.ok("AppArmor: the profile " + PROFILE + " is not loaded");
        }
        String found = "AppArmor: profile " + PROFILE + ", mode " + mode;
        List<String> missing = missing(rulesOf(PROFILE, "abstractions/tor", "local/" + PROFILE));
        if (missing.isEmpty()) {
            return Finding.ok(found + ", has rules for the launcher, Java and the JAR");
        }
        Finding finding = Finding.fail(
                found + ", has no rule for " + String.join(" and ", missing),
                "tor may start known transports only. Append these lines to " + LOCAL
                        + ", and load it by: apparmor_parser -r /etc/apparmor.d/" + PROFILE
                        + ". What is still denied then is told by: journalctl -k | grep DENIED",
                paste().toArray(String[]::new));
        return mode.equals("enforce") ? finding : finding.as(Level.WARN);
    }

    private static String modeIn(String profiles) {
        Matcher line = Pattern.compile("(?m)^" + PROFILE + " \\((\\w+)\\)$").matcher(profiles);
        return line.find() ? line.group(1) : "";
    }

    /** A package has its rules in a file of their own, which one line includes. */
    private List<String> paste() {
        String shipped = "abstractions/tandem-" + program.name();
        return missing(rulesOf(shipped)).isEmpty()
                ? List.of("  include if exists <" + shipped + ">")
                : rules(program, launcher);
    }

    /** The rules of these files of AppArmor's folder, and of what they include. */
    private List<Rule> rulesOf(String... names) {
        List<Rule> rules = new ArrayList<>();
        Deque<String> waiting = new ArrayDeque<>(List.of(names));
        Set<String> seen = new HashSet<>();
        while (!waiting.isEmpty() && seen.size() < MAX_FILES) {
            String name = waiting.remove();
            String text = seen.add(name) ? files.text(FOLDER + name).orElse("") : "";
            for (String line : text.split("\n", -1)) {
                Matcher rule = RULE.matcher(line.strip());
                if (rule.matches()) {
                    rules.add(new Rule(glob(rule.group(1)), rule.group(2)));
                }
                Matcher include = INCLUDE.matcher(line.strip());
                if (include.matches()) {
                    waiting.add(include.group(1));
                }
            }
        }
        return rules;
    }

    private List<String> missing(List<Rule> rules) {
        List<String> missing = new ArrayList<>();
        if (!allows(rules, launcher.toString(), 'x')) {
            missing.add(launcher.toString());
        } else if (allows(rules, launcher.toString(), 'U')) {
            // Unconfined from there on.
            return missing;
        }
        Path java = program.javaHome().resolve("bin/java");
        if (!allows(rules, java.toString(), 'x')) {
            missing.add(java.toString());
        }
        if (!allows(rules, program.jar().toString(), 'r')) {
            missing.add(program.jar().toString());
        }
        return missing;
    }

    private static boolean allows(List<Rule> rules, String path, char permission) {
        return rules.stream()
                .anyMatch(rule -> rule.permissions().indexOf(permission) >= 0
                        && rule.path().matcher(path).matches());
    }

    /** Of the globs: {@code **}, {@code *}, {@code ?} and {@code {a,b}}. */
    private static Pattern glob(String glob) {
        StringBuilder regex = new StringBuilder();
        int depth = 0;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            if (glob.startsWith("**", i)) {
                regex.append(".*");
                i++;
            } else if (c == '*') {
                regex.append("[^/]*");
            } else if (c == '?') {
                regex.append("[^/]");
            } else if (c == '{') {
                depth++;
                regex.append("(?:");
            } else if (c == '}' && depth > 0) {
                depth--;
                regex.append(')');
            } else if (c == ',' && depth > 0) {
                regex.append('|');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex + ")".repeat(depth));
    }

    /** The rules that the profile needs to start the program by its own launcher. */
    public static List<String> rules(Program program) {
        return rules(program, Path.of(program.launcher()));
    }

    /**
     * Inheriting ({@code ix}): with NoNewPrivileges no other profile can be entered. What the launcher runs, Java, what Java reads of
     * the system, and tor's folder for our state, where Netty's library is unpacked to.
     */
    private static List<String> rules(Program program, Path launcher) {
        List<String> rules = new ArrayList<>();
        rules.add("  # Tandem");
        rules.add("  " + launcher + " mrix,");
        rules.add("  " + program.scripts() + "/launch.sh r,");
        rules.add("  " + Installation.folder(program.jar()) + "/* mr,");
        rules.add("  /{usr/,}bin/{sh,dash,bash,readlink,stat,sed} mrix,");
        rules.add("  " + program.javaHome() + "/** mr,");
        rules.add("  " + program.javaHome() + "/bin/java mrix,");
        for (String folder : configurationFolders(program)) {
            rules.add("  " + folder + "/** r,");
        }
        rules.add("  owner @{PROC}/@{pid}/** r,");
        rules.add("  owner @{PROC}/@{pid}/coredump_filter rw,");
        rules.add("  @{PROC}/** r,");
        rules.add("  /sys/{fs/cgroup,kernel/mm,devices/system}/** r,");
        rules.add("  owner /var/lib/tor/pt_state/** mrwk,");
        return rules;
    }

    /** Where Debian's Java keeps what its own folder has links to. */
    private static List<String> configurationFolders(Program program) {
        try (Stream<Path> links = Files.list(program.javaHome().resolve("conf"))) {
            return links.filter(Files::isSymbolicLink)
                    .flatMap(link -> Stream.ofNullable(realFolder(link)))
                    .distinct()
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static @Nullable String realFolder(Path link) {
        try {
            return Installation.folder(link.toRealPath()).toString();
        } catch (IOException e) {
            return null;
        }
    }
}
