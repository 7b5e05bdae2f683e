package dev.tandem.doctor;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a server may open as many files (sockets are files) as its bounds allow connections. */
public final class DescriptorCheck {
    private static final Pattern OPEN_FILES = Pattern.compile("(?m)^Max open files\\s+(\\S+)");
    /** JARs, native libraries, listeners, the event loops' own. */
    private static final int OTHERS = 64;

    private DescriptorCheck() {}

    /** The limit of this process; empty if the system does not say. Java raises its own as far as it may. */
    public static OptionalLong limitOfThisProcess(SystemFiles files) {
        Optional<String> limits = files.text("/proc/self/limits");
        Matcher line = OPEN_FILES.matcher(limits.orElse(""));
        return line.find() ? parse(line.group(1)) : OptionalLong.empty();
    }

    /** The limit that a service's unit sets, {@code LimitNOFILE=}, of which Java takes the higher of two; empty if it sets none. */
    public static OptionalLong limitOf(ServiceUnit unit) {
        Optional<String> value = unit.last("LimitNOFILE");
        return value.isEmpty() ? OptionalLong.empty() : parse(value.get().replaceFirst(".*:", ""));
    }

    private static OptionalLong parse(String value) {
        if (value.equals("unlimited") || value.equals("infinity")) {
            return OptionalLong.of(Long.MAX_VALUE);
        }
        return value.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(value)) : OptionalLong.empty();
    }

    /**
     * Compares them.
     *
     * @param whose who has the limit, as in "this shell"
     * @param service the unit to put a higher one in; empty for a program started by hand
     * @param sessions {@code max-sessions}, each of which takes two
     * @param others connections of those who are not, or not yet, clients
     */
    public static Finding check(
            OptionalLong limit, String whose, Optional<String> service, long sessions, long others) {
        long needed = 2 * sessions + others + OTHERS;
        if (limit.isEmpty()) {
            return Finding.note(
                    "open files: the limit is not known; " + needed + " are needed for all that is allowed");
        }
        if (limit.getAsLong() >= needed) {
            return Finding.ok("open files: as many as " + sessions + " sessions and all others need (" + needed + ")");
        }
        String found = "open files: " + whose + " allows " + limit.getAsLong() + ", and " + needed + " are needed for "
                + sessions + " sessions and all others";
        String why = "Without a descriptor left the server lets nobody in; it goes on with the sessions that it has. ";
        return service.isPresent()
                ? Finding.warn(
                        found,
                        why + "systemctl edit " + service.get() + ", and then restart it:",
                        "[Service]",
                        "LimitNOFILE=" + needed)
                : Finding.warn(
                        found,
                        why + "In the shell or unit that starts it:",
                        "ulimit -n " + needed,
                        "LimitNOFILE=" + needed);
    }
}
