package dev.tandem.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A systemd service as its unit file and what overrides it say (systemd.unit(5)), without specifiers. */
public final class ServiceUnit {
    private static final List<String> FOLDERS =
            List.of("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system");
    private static final Set<String> TRUE = Set.of("1", "yes", "true", "on");

    private final String name;
    private final List<Setting> settings;

    private record Setting(String key, String value) {}

    private ServiceUnit(String name, List<Setting> settings) {
        this.name = name;
        this.settings = settings;
    }

    /**
     * Looks it up.
     *
     * @param name such as {@code tor@default.service}; where it has no file of its own, its template's counts
     * @return empty if there is none
     */
    public static Optional<ServiceUnit> find(SystemFiles files, String name) {
        String template = name.replaceFirst("@.*\\.service$", "@.service");
        Optional<String> text = Optional.empty();
        for (String candidate : List.of(name, template)) {
            for (String folder : FOLDERS) {
                text = text.isPresent() ? text : files.text(folder + "/" + candidate);
            }
        }
        if (text.isEmpty()) {
            return Optional.empty();
        }
        List<Setting> settings = new ArrayList<>();
        read(settings, text.get());
        // Of files with the same name, the first folder's; all in the order of their names.
        TreeMap<String, String> overrides = new TreeMap<>();
        for (String candidate : List.of(name, template)) {
            for (String folder : FOLDERS) {
                String drops = folder + "/" + candidate + ".d";
                files.list(drops).stream()
                        .map(path -> path.getFileName().toString())
                        .filter(file -> file.endsWith(".conf"))
                        .forEach(file -> files.text(drops + "/" + file).ifPresent(t -> overrides.putIfAbsent(file, t)));
            }
        }
        overrides.values().forEach(override -> read(settings, override));
        return Optional.of(new ServiceUnit(name, settings));
    }

    private static void read(List<Setting> settings, String text) {
        for (String line : text.split("\n", -1)) {
            String stripped = line.strip();
            int equals = stripped.indexOf('=');
            if (equals <= 0 || stripped.startsWith("#") || stripped.startsWith(";")) {
                continue;
            }
            String key = stripped.substring(0, equals).strip();
            String value = stripped.substring(equals + 1).strip();
            if (value.isEmpty()) {
                settings.removeIf(setting -> setting.key().equals(key));
            } else {
                settings.add(new Setting(key, value));
            }
        }
    }

    /** The unit's name. */
    public String name() {
        return name;
    }

    /** All values of a setting, in order. */
    public List<String> all(String key) {
        return settings.stream()
                .filter(setting -> setting.key().equals(key))
                .map(Setting::value)
                .toList();
    }

    /** The value that counts where there can be one only. */
    public Optional<String> last(String key) {
        List<String> all = all(key);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    /** Whether a switch is on; off if it is not set, as systemd has all that are looked at here. */
    public boolean isOn(String key) {
        return last(key)
                .map(value -> TRUE.contains(value.toLowerCase(Locale.ROOT)))
                .orElse(false);
    }

    /** Whether it starts tor with that file. */
    public boolean reads(String torrc) {
        return all("ExecStart").stream().anyMatch(command -> (command + " ").contains(" -f " + torrc + " "));
    }
}
