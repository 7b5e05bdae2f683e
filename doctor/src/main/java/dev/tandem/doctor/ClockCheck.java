package dev.tandem.doctor;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The time of day. A bridge takes the marker of a client whose clock is less than an hour off ({@code LINK.md}, section 12);
 * who is farther off is a stranger to it.
 */
public final class ClockCheck {
    private static final List<String> DAEMONS = List.of(
            "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid", "/var/run/ntpd.pid", "/run/openntpd.pid");

    private ClockCheck() {}

    /**
     * Looks at it.
     *
     * @param built when the program was made: it cannot be earlier
     */
    public static Finding check(Instant now, Instant built, SystemFiles files) {
        String says = "clock: " + now.truncatedTo(ChronoUnit.SECONDS);
        String hour = "Client and bridge must agree to within an hour: else the client is a stranger to the bridge.";
        if (now.isBefore(built)) {
            return Finding.fail(
                    says + ", which is before this program was made (" + built.truncatedTo(ChronoUnit.SECONDS) + ")",
                    hour + " Set the clock, and have it kept:",
                    "apt-get install systemd-timesyncd",
                    "timedatectl set-ntp true");
        }
        // Made by systemd-timesyncd each time that it has set the clock since the start of the system.
        if (files.exists("/run/systemd/timesync/synchronized")) {
            return Finding.ok(says + ", synchronised by systemd-timesyncd");
        }
        if (DAEMONS.stream().anyMatch(files::exists)) {
            return Finding.note(
                    says + "; an NTP daemon runs, ask it whether it is synchronised (chronyc tracking, ntpq -p)");
        }
        return Finding.note(
                says + "; nothing was found that keeps it right",
                hour + " A virtual machine or a container may have the clock of its host. Otherwise:",
                "apt-get install systemd-timesyncd");
    }
}
