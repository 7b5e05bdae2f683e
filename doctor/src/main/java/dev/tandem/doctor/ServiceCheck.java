package dev.tandem.doctor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the sandbox of tor's service keeps from a proxy that tor starts (systemd.exec(5)). */
public final class ServiceCheck {
    private static final List<String> HOMES = List.of("/home/", "/root/", "/run/user/");
    private static final List<String> TEMPORARY = List.of("/tmp/", "/var/tmp/");

    private ServiceCheck() {}

    /**
     * Looks at it.
     *
     * @param needed the files that the proxy is made of, absolute
     */
    public static List<Finding> check(ServiceUnit unit, List<Path> needed) {
        List<Finding> findings = new ArrayList<>();
        String edit = "systemctl edit " + unit.name() + ", then systemctl restart " + unit.name() + ":";
        String home = unit.last("ProtectHome").orElse("no").toLowerCase(Locale.ROOT);
        boolean hidden = home.equals("tmpfs") || unit.isOn("ProtectHome");
        for (Path file : needed) {
            if (hidden && isIn(file, HOMES)) {
                findings.add(Finding.fail(
                        unit.name() + ": ProtectHome=" + home + " hides " + file,
                        "tor cannot start it. Put it elsewhere, into /opt say, which is better; or let tor see what is in the"
                                + " homes. " + edit,
                        "[Service]",
                        "ProtectHome=read-only"));
            }
            if (unit.isOn("PrivateTmp") && isIn(file, TEMPORARY)) {
                findings.add(Finding.fail(
                        unit.name() + ": PrivateTmp=yes hides " + file,
                        "tor has a /tmp of its own. Put it elsewhere, into /opt say."));
            }
        }
        if (unit.isOn("MemoryDenyWriteExecute")) {
            findings.add(Finding.fail(
                    unit.name() + ": MemoryDenyWriteExecute=yes",
                    "Java compiles while it runs, and does not start with this. " + edit,
                    "[Service]",
                    "MemoryDenyWriteExecute=no"));
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok(unit.name() + ": its sandbox lets tor start the proxy"
                    + (unit.isOn("NoNewPrivileges") ? " (without new privileges)" : "")));
        }
        return findings;
    }

    private static boolean isIn(Path file, List<String> folders) {
        return folders.stream().anyMatch((file + "/")::startsWith);
    }
}
