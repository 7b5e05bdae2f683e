package dev.tandem.client.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.doctor.Torrc;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bridge lines, by themselves and in a torrc. */
class LinesTest {
    private static void wantsCert(TransportArgs args) throws PtParseException {
        if (args.first("cert").isEmpty()) {
            throw new PtParseException("bridge line: cert= is missing");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "utp ADDRESS:443 cert=SECRET | address | A placeholder",
                "utp 192.0.2.1:443 FINGERPRINT cert=SECRET | fingerprint | A placeholder",
                "utp bridge.example:443 cert=SECRET | address | not a name",
                "utp 192.0.2.1 cert=SECRET | not IP:PORT | copied as a whole",
                "utp 192.0.2.1:443 cert=SEC RET | is not KEY=VALUE | copied as a whole",
                "utp 192.0.2.1:443 | cert= is missing | copied as a whole",
                "utp | ADDRESS:PORT is missing | copied as a whole",
                "obfs4 192.0.2.1:443 cert=SECRET | obfs4 | operator",
            })
    void saysWhatIsWrongWithALine(String line, String text, String explanation) {
        Finding finding = BridgeLineCheck.check("bridge line", line, LinesTest::wantsCert);
        assertEquals(Level.FAIL, finding.level());
        assertTrue(finding.text().startsWith("bridge line: ") && finding.text().contains(text), finding.text());
        assertTrue(finding.explanation().contains(explanation), finding.explanation());
        assertFalse(finding.toString().contains("SECRET"), finding.toString());
    }

    @Test
    void takesAGoodLine() {
        String digits = "A".repeat(40);
        Finding finding = BridgeLineCheck.check(
                "bridge line", "Bridge utp [2001:db8::1]:443 " + digits + " cert=x", LinesTest::wantsCert);
        assertEquals(Finding.ok("bridge line: complete, [2001:db8::1]:443, with a fingerprint"), finding);
    }

    @Test
    void wantsBridgesInATorrc() {
        List<Finding> none = ClientTorrcCheck.check(Torrc.parse("Bridge obfs4 192.0.2.1:1"), LinesTest::wantsCert);
        assertEquals(List.of("UseBridges 1"), none.get(0).paste());
        assertEquals(Level.FAIL, none.get(0).level());
        assertEquals(Level.FAIL, none.get(1).level());
        assertTrue(
                none.get(1).text().contains("no bridge of the transport utp"),
                none.get(1).text());
        List<Finding> two = ClientTorrcCheck.check(
                Torrc.parse("UseBridges 1\nBridge utp 192.0.2.1:1 cert=x\nBridge utp 192.0.2.2:1"),
                LinesTest::wantsCert);
        assertEquals(
                List.of(Level.OK, Level.OK, Level.FAIL),
                two.stream().map(Finding::level).toList());
        assertTrue(
                two.get(2).text().startsWith("torrc line 3, Bridge: cert= is missing"),
                two.get(2).text());
    }
}
