package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PluginCheckTest {
    private static final FileAccess TOR = new FileAccess("debian-tor", 4_000_000_000L, List.of(4_000_000_000L));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private Program program;

    @BeforeEach
    void install() throws Exception {
        program = new FakeSystem(root).program("client-pt");
        new FakeSystem(root).program("server-pt");
    }

    private PluginCheck check(String torrc, @Nullable FileAccess user) {
        return PluginCheck.of(Torrc.parse(torrc.replace("%TOP", program.top())), program, user);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UseBridges 1 | no ClientTransportPlugin line for utp",
                "ClientTransportPlugin obfs4 exec /bin/true | no ClientTransportPlugin line for utp",
                "ClientTransportPlugin utp socks5 127.0.0.1:1 | line 1, ClientTransportPlugin: not 'utp exec PATH'",
                "ClientTransportPlugin utp exec | not 'utp exec PATH'",
                "ClientTransportPlugin utp exec scripts/client-pt | not an absolute path",
                "ClientTransportPlugin utp exec %TOP/scripts/nothing | there is no",
                "ClientTransportPlugin utp exec %TOP/scripts/server-pt | that is server-pt",
            })
    void namesWhatIsWrongAndWhatWouldBeRight(String torrc, String expected) {
        Finding finding = check(torrc, TOR).findings().get(0);
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().contains(expected), finding.text());
        assertEquals(
                "ClientTransportPlugin utp exec " + program.top() + "/scripts/client-pt",
                finding.paste().get(0));
    }

    @Test
    void asksWhetherTorsUserMayStartIt() throws Exception {
        String torrc = "ClientTransportPlugin obfs4,utp exec %TOP/scripts/client-pt --unsafe-logging";
        PluginCheck check = check(torrc, TOR);
        assertEquals(Level.OK, check.findings().get(0).level(), check.findings().toString());
        assertEquals(Path.of(program.launcher()), check.executable());
        FakeSystem.mode(program.jar(), "rw-------");
        assertFails(torrc, "debian-tor may not read " + program.jar());
        FakeSystem.mode(Path.of(program.launcher()), "rwx--x--x");
        assertFails(torrc, "debian-tor may not read " + program.launcher());
        FakeSystem.mode(Path.of(program.launcher()), "rw-r--r--");
        assertFails(torrc, "debian-tor may not execute " + program.launcher());
        FakeSystem.mode(Path.of(program.top()), "rwx------");
        assertFails(torrc, "debian-tor may not enter " + program.top());
        assertEquals(Level.NOTE, check(torrc, null).findings().get(0).level());
        assertNull(check("", TOR).executable());
    }

    private void assertFails(String torrc, String expected) {
        Finding finding = check(torrc, TOR).findings().get(0);
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().endsWith(expected), finding.text());
        assertEquals("chmod -R a+rX " + program.top(), finding.paste().get(0));
    }
}
