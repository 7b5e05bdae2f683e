package dev.tandem.doctor;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Prints findings as they come, in plain text: a line for each, and below it, indented, the explanation and what to paste. It holds
 * addresses, for the person who named them, and never a secret: a bridge's is taken out here even if a check should let it through.
 */
public final class Report {
    private static final int WIDTH = 100;
    private static final String EXPLANATION_INDENT = "      ";
    private static final String PASTE_INDENT = "          ";

    /** The value of {@code cert=}, and what looks like one. */
    private static final Pattern SECRET =
            Pattern.compile("(?i)(cert=)[^\\s,;'\"]+|(?<![\\w-])[\\w-]{87}(?![\\w-])|(://)[^/\\s@]*@");

    /** What a file or a server said may not steer a terminal. */
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private final PrintWriter out;
    private boolean failed;

    public Report(PrintWriter out) {
        this.out = out;
    }

    /** Prints one. */
    public void add(Finding finding) {
        failed |= finding.level() == Level.FAIL;
        out.println(String.format(Locale.ROOT, "%-4s  %s", finding.level().word(), presentable(finding.text())));
        explain(presentable(finding.explanation()));
        finding.paste().forEach(line -> out.println(PASTE_INDENT + presentable(line)));
        out.flush();
    }

    /** Prints some. */
    public void addAll(List<Finding> findings) {
        findings.forEach(this::add);
    }

    /** Whether one of them failed. */
    public boolean hasFailed() {
        return failed;
    }

    private void explain(String text) {
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (line.length() > 0 && EXPLANATION_INDENT.length() + line.length() + 1 + word.length() > WIDTH) {
                out.println(EXPLANATION_INDENT + line);
                line.setLength(0);
            }
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        if (line.length() > 0) {
            out.println(EXPLANATION_INDENT + line);
        }
    }

    static String presentable(String text) {
        String hidden = SECRET.matcher(text).replaceAll(found -> {
            String before = found.group(1) != null ? found.group(1) : found.group(2);
            return before == null ? "..." : before + (found.group(2) != null ? "...@" : "...");
        });
        return CONTROL.matcher(hidden).replaceAll("?");
    }
}
