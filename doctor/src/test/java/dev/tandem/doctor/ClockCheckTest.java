package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClockCheckTest {
    private static final Instant BUILT = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-11-02T00:00:00.5Z");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    @Test
    void cannotBeBeforeTheBuild() {
        Finding finding = ClockCheck.check(BUILT.minusSeconds(1), BUILT, new FakeSystem(root).files());
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().contains("2026-11-01T00:00:00Z"), finding.text());
    }

    @Test
    void tellsWhoKeepsItRight() {
        FakeSystem system = new FakeSystem(root);
        Finding nobody = ClockCheck.check(NOW, BUILT, system.files());
        assertEquals(Level.NOTE, nobody.level());
        assertTrue(nobody.text().startsWith("clock: 2026-11-02T00:00:00Z; nothing"), nobody.text());
        Finding chrony = ClockCheck.check(
                NOW, BUILT, system.with("/run/chrony/chronyd.pid", "7").files());
        assertEquals(Level.NOTE, chrony.level());
        assertTrue(chrony.text().contains("chronyc tracking"), chrony.text());
        Finding systemd = ClockCheck.check(
                NOW,
                BUILT,
                system.with("/run/systemd/timesync/synchronized", "").files());
        assertEquals(Level.OK, systemd.level());
    }
}
