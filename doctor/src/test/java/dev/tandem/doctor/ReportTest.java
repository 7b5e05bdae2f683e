package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ReportTest {
    private final StringWriter text = new StringWriter();
    private final Report report = new Report(new PrintWriter(text));

    @Test
    void printsALineAndBelowItWhatToDo() {
        report.add(Finding.ok("one"));
        report.add(Finding.note("two"));
        report.add(Finding.warn("three", "Why.", "paste  this"));
        assertFalse(report.hasFailed());
        report.add(Finding.fail("four", "word ".repeat(40).strip()));
        assertTrue(report.hasFailed());
        String longest = "word ".repeat(19).strip();
        assertEquals(
                "ok    one\nnote  two\nwarn  three\n      Why.\n          paste  this\nFAIL  four\n      " + longest
                        + "\n      " + longest + "\n      " + "word ".repeat(2).strip() + "\n",
                text.toString().replace(System.lineSeparator(), "\n"));
    }

    @Test
    void printsNoSecretAndNothingThatSteersATerminal() {
        String cert = "A".repeat(87);
        report.add(Finding.warn(
                "line cert=" + cert + " \u001b[2J",
                "cert=short, or " + cert,
                "Bridge utp 192.0.2.1:1 cert=" + cert + " cc=bbr"));
        report.add(Finding.note("proxy socks5://user:PASSWORD@192.0.2.1:1"));
        assertFalse(text.toString().contains("AAAA"), text.toString());
        assertFalse(text.toString().contains("short"), text.toString());
        assertFalse(text.toString().contains("PASSWORD"), text.toString());
        assertFalse(text.toString().contains("\u001b"), text.toString());
        assertTrue(text.toString().contains("Bridge utp 192.0.2.1:1 cert=... cc=bbr"), text.toString());
        assertTrue(text.toString().contains("socks5://...@192.0.2.1:1"), text.toString());
    }
}
