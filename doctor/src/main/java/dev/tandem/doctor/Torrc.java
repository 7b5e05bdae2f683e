package dev.tandem.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The lines of a torrc, in order (tor(1), "THE CONFIGURATION FILE FORMAT"): comments, continued lines and quotes are understood,
 * keys are of any case. {@code %include} is not followed, and shortened keys are not understood.
 */
public final class Torrc {
    private final List<Line> lines;

    private Torrc(List<Line> lines) {
        this.lines = lines;
    }

    /**
     * One line.
     *
     * @param number of its first line in the file, from 1
     * @param value without quotes and comments
     */
    public record Line(int number, String key, String value) {
        /** The value's words; none of an empty value. */
        public List<String> words() {
            return value.isEmpty() ? List.of() : List.of(value.split("\\s+"));
        }

        /** Where it stands, for findings. */
        public String where() {
            return "torrc line " + number + ", " + key;
        }
    }

    /** Reads the text of a file. There is no text that is none. */
    public static Torrc parse(String text) {
        List<Line> lines = new ArrayList<>();
        StringBuilder joined = new StringBuilder();
        int number = 0;
        int first = 1;
        for (String line : text.split("\n", -1)) {
            number++;
            if (joined.length() == 0) {
                first = number;
            }
            String stripped = line.strip();
            boolean inside = joined.length() > 0;
            // A comment may stand between the parts of a continued line.
            if (inside && stripped.startsWith("#")) {
                continue;
            }
            if (stripped.endsWith("\\") && !stripped.startsWith("#")) {
                joined.append(stripped, 0, stripped.length() - 1).append(' ');
                continue;
            }
            joined.append(stripped);
            add(lines, first, joined.toString().strip());
            joined.setLength(0);
        }
        add(lines, first, joined.toString().strip());
        return new Torrc(List.copyOf(lines));
    }

    private static void add(List<Line> lines, int number, String line) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        String[] parts = line.split("\\s+", 2);
        String key = parts[0].replaceFirst("^[+/]", "");
        lines.add(new Line(number, key, parts.length < 2 ? "" : value(parts[1].strip())));
    }

    private static String value(String text) {
        if (text.length() >= 2 && text.startsWith("\"")) {
            int end = text.indexOf('"', 1);
            return end < 0 ? text : text.substring(1, end);
        }
        int comment = text.indexOf('#');
        return comment < 0 ? text : text.substring(0, comment).strip();
    }

    /** All lines of a key. */
    public List<Line> all(String key) {
        return lines.stream().filter(line -> line.key().equalsIgnoreCase(key)).toList();
    }

    /** The lines of a key whose value begins with that word, such as the name of a transport. */
    public List<Line> all(String key, String firstWord) {
        return all(key).stream()
                .filter(line -> !line.words().isEmpty() && line.words().get(0).equals(firstWord))
                .toList();
    }

    /** The last line of a key, which is the one that counts where there can be one only. */
    public Optional<Line> last(String key) {
        List<Line> all = all(key);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    /** Whether a switch is on. */
    public boolean isOn(String key) {
        return last(key).map(line -> line.value().equals("1")).orElse(false);
    }

    /** Whether there are other files, which were not looked at. */
    public boolean hasIncludes() {
        return !all("%include").isEmpty();
    }
}
