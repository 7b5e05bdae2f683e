package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorSetupTest {
    private static final String SERVICE = "tor@default.service";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private FakeSystem system;
    private Program program;
    private Path torrc;

    @BeforeEach
    void install() throws Exception {
        system = new FakeSystem(root);
        program = system.program("server-pt");
        torrc = system.files().at("/etc/tor/torrc");
        system.with("/etc/tor/torrc", program.pluginLine() + "\n")
                .with("/etc/passwd", "debian-tor:x:102:102::/:/bin/false\nme:x:1000:1000::/:/bin/sh\n")
                .with("/usr/share/tor/defaults", "DataDirectory /var/lib/tor\nUser debian-tor\n")
                .with(
                        "/lib/systemd/system/" + SERVICE,
                        "[Service]\nExecStart=/usr/bin/tor --defaults-torrc /usr/share/tor/defaults -f " + torrc
                                + " --RunAsDaemon 0\nProtectHome=yes\n");
    }

    private TorSetup read() throws IOException {
        return TorSetup.read(system.files(), program, torrc, SERVICE, "me");
    }

    @Test
    void findsTheServiceThatReadsItAndItsUser() throws IOException {
        TorSetup setup = read();
        assertNotNull(setup.unit());
        assertEquals(new FileAccess("debian-tor", 102, List.of(102L)), setup.user());
        assertEquals(
                List.of(Level.OK, Level.OK, Level.OK),
                setup.findings().stream().map(Finding::level).toList(),
                setup.findings().toString());
    }

    @Test
    void takesTheUserThatTorrcNames() throws IOException {
        system.with("/etc/tor/torrc", "User me\n");
        assertEquals(1_000, Objects.requireNonNull(read().user()).uid());
        system.with("/etc/tor/torrc", "User unknown\n");
        assertNull(read().user());
    }

    @Test
    void leavesOutAServiceThatReadsAnother() throws IOException {
        system.with("/lib/systemd/system/" + SERVICE, "[Service]\nExecStart=/usr/bin/tor -f /etc/other\n");
        TorSetup setup = read();
        assertNull(setup.unit());
        assertEquals("me", Objects.requireNonNull(setup.user()).name());
        Finding last = setup.findings().get(1);
        assertEquals(Level.NOTE, last.level());
        assertTrue(last.text().startsWith(SERVICE + " does not read"), last.text());
    }

    @Test
    void saysWhatItDoesNotFollow() throws IOException {
        system.with("/etc/tor/torrc", "%include /etc/tor/more\n" + program.pluginLine() + "\n");
        assertEquals(Level.NOTE, read().findings().get(0).level());
    }

    @Test
    void namesAFileThatCannotBeRead() {
        torrc = root.resolve("nothing");
        IOException e = assertThrows(IOException.class, this::read);
        assertTrue(String.valueOf(e.getMessage()).matches("torrc: .* cannot be read"), e.getMessage());
    }
}
