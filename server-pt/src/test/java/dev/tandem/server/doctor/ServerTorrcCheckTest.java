package dev.tandem.server.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.doctor.Torrc;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerTorrcCheckTest {
    private static final String GOOD = "BridgeRelay 1\nORPort 127.0.0.1:auto\nExtORPort auto\n";
    private static final String LISTEN = "ServerTransportListenAddr utp 0.0.0.0:4433\n";

    private static ServerTorrcCheck check(String torrc) {
        return new ServerTorrcCheck(Torrc.parse(torrc));
    }

    @Test
    void takesWhatReadmeSays() {
        ServerTorrcCheck check =
                check(GOOD + LISTEN + "ServerTransportOptions utp decoy=127.0.0.1:8443 max-sessions=10\n");
        assertEquals(List.of(Finding.ok("torrc: BridgeRelay 1")), check.findings());
        assertEquals(4433, Objects.requireNonNull(check.listening()).getPort());
        assertEquals("10", check.options().first("max-sessions").orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "WARN | BridgeRelay is not 1 | ORPort 127.0.0.1:auto~ExtORPort auto~%LISTEN",
                "FAIL | there is no ORPort | BridgeRelay 1~ExtORPort auto~%LISTEN",
                "FAIL | there is no ORPort | BridgeRelay 1~ORPort 0~ExtORPort auto~%LISTEN",
                "NOTE | there is no ExtORPort | BridgeRelay 1~ORPort 9001~%LISTEN",
                "WARN | no ServerTransportListenAddr for utp | %GOOD",
                "WARN | no ServerTransportListenAddr for utp | %GOOD~ServerTransportListenAddr obfs4 0.0.0.0:1",
                "FAIL | line 4, ServerTransportListenAddr: no ADDRESS:PORT | %GOOD~ServerTransportListenAddr utp",
                "FAIL | line 4, ServerTransportListenAddr: name:1: not IP:PORT | %GOOD~ServerTransportListenAddr utp name:1",
                "WARN | only this machine can reach | %GOOD~ServerTransportListenAddr utp 127.0.0.1:4433",
                "WARN | line 5, ServerTransportListenAddr: the second one | %GOOD~%LISTEN~ServerTransportListenAddr utp [::]:4433",
                "FAIL | ORPort has port 4433, too | BridgeRelay 1~ExtORPort auto~ORPort 4433~%LISTEN",
                "FAIL | ORPort has port 4433, too | BridgeRelay 1~ExtORPort auto~ORPort 192.0.2.1:4433~%LISTEN",
                "WARN | line 6, ServerTransportOptions: the second one | %GOOD~%LISTEN~ServerTransportOptions utp a=b~ServerTransportOptions utp c=d",
                "FAIL | a word without = | %GOOD~%LISTEN~ServerTransportOptions utp decoy",
                "FAIL | no name before = | %GOOD~%LISTEN~ServerTransportOptions utp =decoy",
            })
    void namesWhatIsWrong(Level level, String text, String lines) {
        String torrc = lines.replace("%GOOD", GOOD.strip())
                .replace("%LISTEN", LISTEN.strip())
                .replace('~', '\n');
        List<Finding> bad = check(torrc).findings().stream()
                .filter(finding -> finding.level() != Level.OK)
                .toList();
        assertEquals(1, bad.size(), bad.toString());
        assertEquals(level, bad.get(0).level());
        assertTrue(bad.get(0).text().contains(text), bad.get(0).text());
        assertTrue(!bad.get(0).explanation().isEmpty(), "an explanation");
    }

    @Test
    void anAdvertisedPortMayBeTheSame() {
        ServerTorrcCheck check = check(
                "BridgeRelay 1\nExtORPort auto\nORPort 4433 NoListen\nORPort 127.0.0.1:9001 NoAdvertise\n" + LISTEN);
        assertEquals(List.of(Finding.ok("torrc: BridgeRelay 1")), check.findings());
        assertNull(check(GOOD).listening());
    }

    /** It is in the public list, and is to be. */
    @Test
    void aRelayIsNoBridge() {
        String ports = "ORPort 4433 NoListen\nORPort 127.0.0.1:9002 NoAdvertise\n";
        assertEquals(
                List.of(Finding.ok("torrc: tor learns where its peers come from (ExtORPort)")),
                check(ports + "ExtORPort auto\n" + LISTEN + "ServerTransportOptions utp decoy=orport\n")
                        .findings());
        String relay = ports + "ExtORPort 0\n" + LISTEN
                + "ServerTransportOptions utp decoy=orport\nAssumeReachable 1\nCountPrivateBandwidth 1\n";
        assertEquals(
                List.of(Finding.ok("torrc: what a relay without ExtORPort needs behind decoy=orport")),
                check(relay + "DoSConnectionEnabled 0\nDoSCircuitCreationEnabled 0\n")
                        .findings());
        List<Finding> findings = check(relay + "DoSConnectionEnabled 1\n").findings();
        assertEquals(1, findings.size(), findings.toString());
        assertEquals(Level.WARN, findings.get(0).level());
        assertEquals(
                List.of("DoSConnectionEnabled 0", "DoSCircuitCreationEnabled 0"),
                findings.get(0).paste());
    }
}
