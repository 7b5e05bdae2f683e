package dev.tandem.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Finds out from {@code /proc} who listens on a port (proc(5)). Only root sees the sockets of other users' processes. */
final class SocketHolder {
    private static final String LISTENING = "0A";

    private final SystemFiles files;

    SocketHolder(SystemFiles files) {
        this.files = files;
    }

    /**
     * A process that has a port.
     *
     * @param program {@code server-pt} and {@code client-pt} by what Java runs in it, others by the name of the process
     */
    record Holder(String program, String pid) {}

    /**
     * Looks for it.
     *
     * @param udp whether it is the UDP port; otherwise it is the TCP port
     * @return empty if nobody has it, or it cannot be seen who
     */
    Optional<Holder> find(boolean udp, int port) {
        Set<String> links = new HashSet<>();
        for (String table : udp ? List.of("udp", "udp6") : List.of("tcp", "tcp6")) {
            for (String line : files.text("/proc/net/" + table).orElse("").split("\n", -1)) {
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length > 9
                        && fields[1].endsWith(String.format(Locale.ROOT, ":%04X", port))
                        && (udp || fields[3].equals(LISTENING))) {
                    links.add("socket:[" + fields[9] + "]");
                }
            }
        }
        return links.isEmpty() ? Optional.empty() : holderOf(links);
    }

    private Optional<Holder> holderOf(Set<String> links) {
        for (Path process : files.list("/proc")) {
            String pid = process.getFileName().toString();
            if (pid.matches("[0-9]+") && hasOne(process.resolve("fd"), links)) {
                return Optional.of(new Holder(program(pid), pid));
            }
        }
        return Optional.empty();
    }

    private static boolean hasOne(Path descriptors, Set<String> links) {
        try (Stream<Path> entries = Files.list(descriptors)) {
            return entries.anyMatch(entry -> links.contains(target(entry)));
        } catch (IOException e) {
            // It is over, or another user's.
            return false;
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private String program(String pid) {
        List<String> words =
                List.of(files.text("/proc/" + pid + "/cmdline").orElse("").split("\0", -1));
        if (words.contains("dev.tandem.server.ServerMain")) {
            return "server-pt";
        }
        if (words.contains("dev.tandem.client.ClientMain")) {
            return "client-pt";
        }
        return files.text("/proc/" + pid + "/comm").orElse("a program").strip();
    }
}
