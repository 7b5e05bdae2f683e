package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceCheckTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private ServiceUnit unit(String... settings) {
        FakeSystem system = new FakeSystem(root)
                .with("/lib/systemd/system/tor@default.service", "[Service]\n" + String.join("\n", settings) + "\n");
        return ServiceUnit.find(system.files(), "tor@default.service").orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "ProtectHome=yes, /home/a/tandem/scripts/client-pt, FAIL",
        "ProtectHome=true, /root/client-pt, FAIL",
        "ProtectHome=tmpfs, /home/a/client-pt, FAIL",
        "ProtectHome=read-only, /home/a/client-pt, OK",
        "ProtectHome=no, /home/a/client-pt, OK",
        "ProtectHome=yes, /opt/home/client-pt, OK",
        "PrivateTmp=yes, /tmp/client-pt, FAIL",
        "PrivateTmp=no, /tmp/client-pt, OK",
        "MemoryDenyWriteExecute=yes, /opt/client-pt, FAIL",
        "NoNewPrivileges=yes, /opt/client-pt, OK",
    })
    void knowsWhatASandboxHides(String setting, String file, Level level) {
        List<Finding> findings = ServiceCheck.check(unit(setting), List.of(Path.of(file)));
        assertEquals(level, findings.get(0).level(), findings.toString());
        assertEquals(1, findings.size());
    }

    @Test
    void readsOverridesInOrder() {
        FakeSystem system = new FakeSystem(root)
                .with(
                        "/lib/systemd/system/tor@default.service",
                        "# A=0\n[Service]\nA=1\nB = x\nExecStart=/usr/bin/tor -f /etc/tor/torrc --RunAsDaemon 0\n")
                .with("/etc/systemd/system/tor@default.service.d/20.conf", "[Service]\nA=3\nB=\n")
                .with("/etc/systemd/system/tor@.service.d/10.conf", "[Service]\nA=2\n")
                .with("/etc/systemd/system/tor@.service.d/10.txt", "[Service]\nA=9\n");
        ServiceUnit unit =
                ServiceUnit.find(system.files(), "tor@default.service").orElseThrow();
        assertEquals(List.of("1", "2", "3"), unit.all("A"));
        assertEquals(Optional.empty(), unit.last("B"));
        assertTrue(unit.reads("/etc/tor/torrc"));
        assertFalse(unit.reads("/etc/tor/torrc2"));
    }

    @Test
    void looksInEtcFirstAndAtTheTemplateLast() {
        FakeSystem system =
                new FakeSystem(root).with("/usr/lib/systemd/system/tor@.service", "[Service]\nA=template\n");
        assertEquals("template", find(system).last("A").orElseThrow());
        system.with("/lib/systemd/system/tor@default.service", "[Service]\nA=lib\n");
        assertEquals("lib", find(system).last("A").orElseThrow());
        system.with("/etc/systemd/system/tor@default.service", "[Service]\nA=etc\n");
        assertEquals("etc", find(system).last("A").orElseThrow());
        assertTrue(ServiceUnit.find(system.files(), "nothing.service").isEmpty());
    }

    private static ServiceUnit find(FakeSystem system) {
        return ServiceUnit.find(system.files(), "tor@default.service").orElseThrow();
    }
}
