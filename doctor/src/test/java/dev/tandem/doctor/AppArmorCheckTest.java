package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppArmorCheckTest {
    private static final String LOCAL = "/etc/apparmor.d/local/system_tor";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private FakeSystem system;
    private Program program;

    @BeforeEach
    void install() throws Exception {
        system = new FakeSystem(root);
        program = system.program("server-pt");
        system.with("/lib/systemd/system/tor@default.service", "[Service]\nAppArmorProfile=-system_tor\n")
                .with("/sys/module/apparmor/parameters/enabled", "Y\n")
                .with("/etc/apparmor.d/system_tor", "profile system_tor {\n  owner /var/lib/tor/** rwk,\n}\n")
                .with("/sys/kernel/security/apparmor/profiles", "other (enforce)\nsystem_tor (enforce)\n");
    }

    private Finding check() {
        ServiceUnit unit =
                ServiceUnit.find(system.files(), "tor@default.service").orElseThrow();
        return new AppArmorCheck(system.files(), program, Path.of(program.launcher())).check(unit);
    }

    @Test
    void wantsRulesForWhatTorStarts() {
        Finding finding = check();
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().contains(program.launcher()), finding.text());
        assertTrue(finding.text().contains(program.javaHome() + "/bin/java"), finding.text());
        assertTrue(finding.explanation().contains(LOCAL), finding.explanation());
    }

    /** What is to be pasted is what is looked for. */
    @Test
    void takesTheRulesThatItGives() {
        String rules = String.join("\n", check().paste()) + "\n";
        system.with(LOCAL, rules);
        assertEquals(Level.OK, check().level(), check().text());
        system.with(LOCAL, rules.replace(program.javaHome() + "/bin/java mrix", program.javaHome() + "/bin/java r"));
        assertTrue(check().text().endsWith("has no rule for " + program.javaHome() + "/bin/java"), check().text());
    }

    @Test
    void understandsOtherRules() {
        system.with(LOCAL, "  " + program.top() + "/scripts/*-pt PUx,  # comment\n");
        assertEquals(Level.OK, check().level(), check().text());
        system.with(LOCAL, "# " + program.top() + "/scripts/*-pt PUx,\n");
        assertEquals(Level.FAIL, check().level());
        system.with(
                LOCAL,
                program.top() + "/{scripts,server-pt/target}/** rix,\n" + program.javaHome() + "/bin/jav? ix,\n");
        assertEquals(Level.OK, check().level(), check().text());
        system.with(LOCAL, program.top() + "/* rix,\n");
        assertEquals(Level.FAIL, check().level());
    }

    /** A package ships the rules, and may not change a file of tor's package. */
    @Test
    void wantsOneLineWhereAPackageHasTheRules() {
        String shipped = String.join("\n", AppArmorCheck.rules(program)) + "\n";
        system.with("/etc/apparmor.d/abstractions/tandem-server-pt", shipped);
        assertEquals(Level.FAIL, check().level());
        assertArrayEquals(
                new String[] {"  include if exists <abstractions/tandem-server-pt>"},
                check().paste().toArray());
        system.with(LOCAL, "# Ours\n" + check().paste().get(0) + "\n");
        assertEquals(Level.OK, check().level(), check().text());
        system.with(LOCAL, "#include <abstractions/tandem-server-pt>\n");
        assertEquals(Level.OK, check().level(), check().text());
        // That of another installation is of no use.
        system.with("/etc/apparmor.d/abstractions/tandem-server-pt", shipped.replace("/opt/", "/srv/"));
        assertTrue(check().paste().size() > 1);
    }

    @Test
    void includesThatGoInCirclesEnd() {
        system.with(LOCAL, "include <local/system_tor>\ninclude <abstractions/tor>\n")
                .with("/etc/apparmor.d/abstractions/tor", "include <local/system_tor>\n");
        assertEquals(Level.FAIL, check().level());
    }

    @Test
    void onlyWarnsWhereNothingIsEnforced() {
        system.with("/sys/kernel/security/apparmor/profiles", "system_tor (complain)\n");
        assertEquals(Level.WARN, check().level());
    }

    @Test
    void isContentWhereThereIsNoProfile() {
        system.with("/sys/kernel/security/apparmor/profiles", "other (enforce)\n");
        assertEquals(Level.OK, check().level());
        system.with("/lib/systemd/system/tor@default.service", "[Service]\nA=1\n");
        assertEquals(Level.OK, check().level());
        system.with("/sys/module/apparmor/parameters/enabled", "N\n");
        assertEquals(Level.OK, check().level());
    }

    @Test
    void saysThatOnlyRootSeesTheMode() throws Exception {
        Files.delete(system.files().at("/sys/kernel/security/apparmor/profiles"));
        assertEquals(Level.WARN, check().level());
        assertTrue(check().text().contains("only root"), check().text());
        Files.delete(system.files().at("/etc/apparmor.d/system_tor"));
        assertEquals(Level.OK, check().level());
    }
}
