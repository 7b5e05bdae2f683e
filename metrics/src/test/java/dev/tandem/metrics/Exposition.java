package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prometheus' text format, version 0.0.4, read strictly and by its conventions for names. Written anew, so that it agrees with the
 * library only where both agree with the format.
 */
final class Exposition {
    private static final Pattern HELP = Pattern.compile("# HELP (tandem_[a-z_]+) \\S.*");
    private static final Pattern TYPE = Pattern.compile("# TYPE (tandem_[a-z_]+) (counter|gauge|histogram)");
    private static final Pattern SAMPLE = Pattern.compile("(tandem_[a-z_]+)(?:\\{(.*)\\})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"\\\\\\n]*)\"");
    private static final Pattern BUCKET = Pattern.compile("(.*?),?le=\"([^\"]*)\"");

    /** By family, its type. */
    final Map<String, String> families = new LinkedHashMap<>();
    /** By the sample with its labels, as written. */
    final Map<String, Double> values = new LinkedHashMap<>();

    Exposition(String text) {
        assertTrue(text.endsWith("\n") && !text.contains("\n\n"), text);
        String family = "";
        for (String line : text.split("\n", -1)) {
            if (line.isEmpty()) {
                continue;
            }
            Matcher help = HELP.matcher(line);
            Matcher type = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (help.matches()) {
                family = help.group(1);
                assertFalse(families.containsKey(family), "twice: " + family);
            } else if (type.matches()) {
                assertEquals(family, type.group(1), line);
                families.put(family, type.group(2));
            } else {
                assertTrue(sample.matches(), line);
                read(family, sample.group(1), sample.group(2) == null ? "" : sample.group(2), sample.group(3));
            }
        }
        families.forEach(Exposition::checkName);
        checkHistograms();
    }

    private void read(String family, String name, String labels, String value) {
        String type = families.get(family);
        assertNotNull(type, family);
        String suffix = name.substring(Math.min(name.length(), family.length()));
        assertTrue(name.startsWith(family), name + " in " + family);
        assertTrue(type.equals("histogram") ? suffix.matches("_bucket|_count|_sum") : suffix.isEmpty(), name);
        Matcher label = LABEL.matcher(labels);
        Set<String> names = new HashSet<>();
        int end = 0;
        while (end < labels.length()) {
            assertTrue(label.find(end) && label.start() == end, labels);
            assertTrue(names.add(label.group(1)), labels);
            end = label.end();
            assertTrue(end == labels.length() || labels.charAt(end++) == ',', labels);
        }
        double number = Double.parseDouble(value);
        assertTrue(number >= 0, name + " " + value);
        String key = labels.isEmpty() ? name : name + "{" + labels + "}";
        assertEquals(null, values.put(key, number), "twice: " + key);
    }

    private static void checkName(String family, String type) {
        assertEquals(type.equals("counter"), family.endsWith("_total"), family);
        if (type.equals("histogram")) {
            assertTrue(family.endsWith("_seconds"), family);
        }
    }

    /** Buckets grow, and the last is the count. */
    private void checkHistograms() {
        Map<String, Double> last = new HashMap<>();
        values.forEach((key, value) -> {
            int brace = key.indexOf("_bucket{");
            if (brace > 0) {
                Matcher bucket = BUCKET.matcher(key.substring(brace + "_bucket{".length(), key.length() - 1));
                assertTrue(bucket.matches(), key);
                String labels = bucket.group(1).isEmpty() ? "" : "{" + bucket.group(1) + "}";
                String series = key.substring(0, brace) + "_count" + labels;
                assertTrue(last.getOrDefault(series, 0.0) <= value, key);
                last.put(series, value);
                if (bucket.group(2).equals("+Inf")) {
                    assertEquals(values.get(series), value, key);
                }
            }
        });
        assertEquals(
                families.values().stream().anyMatch("histogram"::equals),
                !last.isEmpty(),
                "histograms without buckets");
    }

    double value(String sample) {
        Double value = values.get(sample);
        assertNotNull(value, () -> "no " + sample + " among " + values.keySet());
        return value;
    }

    /** Over all its labels. */
    double sum(String name) {
        return values.entrySet().stream()
                .filter(entry -> entry.getKey().equals(name) || entry.getKey().startsWith(name + "{"))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }
}
