package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorCheckTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    @Test
    void readsTheLimitOfAProcess() {
        assertEquals(OptionalLong.empty(), DescriptorCheck.limitOfThisProcess(new FakeSystem(root).files()));
        for (String[] each : new String[][] {{"1024", "1024"}, {"unlimited", String.valueOf(Long.MAX_VALUE)}}) {
            FakeSystem system = new FakeSystem(root)
                    .with(
                            "/proc/self/limits",
                            "Max processes  96364  96364  processes\nMax open files  " + each[0] + "  20000  files\n");
            assertEquals(OptionalLong.of(Long.parseLong(each[1])), DescriptorCheck.limitOfThisProcess(system.files()));
        }
    }

    @Test
    void readsTheLimitOfAUnit() {
        FakeSystem system =
                new FakeSystem(root).with("/lib/systemd/system/a.service", "[Service]\nLimitNOFILE=1024:65536\n");
        ServiceUnit unit = ServiceUnit.find(system.files(), "a.service").orElseThrow();
        assertEquals(OptionalLong.of(65_536), DescriptorCheck.limitOf(unit));
        system.with("/etc/systemd/system/a.service.d/x.conf", "[Service]\nLimitNOFILE=infinity\n");
        unit = ServiceUnit.find(system.files(), "a.service").orElseThrow();
        assertEquals(OptionalLong.of(Long.MAX_VALUE), DescriptorCheck.limitOf(unit));
        system.with("/etc/systemd/system/a.service.d/x.conf", "[Service]\nLimitNOFILE=\n");
        unit = ServiceUnit.find(system.files(), "a.service").orElseThrow();
        assertEquals(OptionalLong.empty(), DescriptorCheck.limitOf(unit));
    }

    @Test
    void countsTwoForEachSession() {
        assertEquals(
                Level.OK,
                DescriptorCheck.check(OptionalLong.of(364), "this shell", Optional.empty(), 100, 100)
                        .level());
        Finding few = DescriptorCheck.check(OptionalLong.of(363), "this shell", Optional.empty(), 100, 100);
        assertEquals(Level.WARN, few.level());
        assertEquals(List.of("ulimit -n 364", "LimitNOFILE=364"), few.paste());
        Finding unit = DescriptorCheck.check(OptionalLong.of(1), "a.service", Optional.of("a.service"), 100, 100);
        assertEquals(List.of("[Service]", "LimitNOFILE=364"), unit.paste());
        assertEquals(
                Level.NOTE,
                DescriptorCheck.check(OptionalLong.empty(), "this shell", Optional.empty(), 100, 100)
                        .level());
    }
}
