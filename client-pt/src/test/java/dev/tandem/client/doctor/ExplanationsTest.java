package dev.tandem.client.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Level;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LinkException.Reason;
import dev.tandem.utp.paired.SessionStats;
import dev.tandem.utp.paired.measure.Rate;
import dev.tandem.utp.paired.measure.RateFlow;
import dev.tandem.utp.protocol.ConnectionStats;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is said of failures that are hard to bring about; those of bridges on this machine are in {@code DoctorTest}. */
class ExplanationsTest {
    private static final InetSocketAddress BRIDGE = new InetSocketAddress("192.0.2.1", 443);
    private static final Instant NOW = Instant.parse("2026-11-02T00:00:00Z");
    private static final Duration WAITED = Duration.ofSeconds(10);

    @ParameterizedTest
    @EnumSource(Reason.class)
    void everyDialFailureFails(Reason reason) {
        for (boolean connected : new boolean[] {true, false}) {
            Finding finding = DialFailure.explain(new LinkException(reason), BRIDGE, connected, null, NOW);
            assertEquals(Level.FAIL, finding.level());
            assertTrue(finding.text().matches("(TCP|TLS|proxy|connection): .*"), finding.text());
        }
    }

    @ParameterizedTest
    @CsvSource({"TIMEOUT, false, TCP: no answer", "TIMEOUT, true, TLS: silence behind TCP"})
    void tellsSilenceOfTcpFromThatOfTls(Reason reason, boolean connected, String text) {
        assertEquals(
                text,
                DialFailure.explain(new LinkException(reason), BRIDGE, connected, null, NOW)
                        .text());
    }

    @Test
    void readsTheTimeThatAServerSays() {
        assertEquals(
                Instant.parse("2026-11-02T03:04:05Z"),
                StrangerLook.date("HTTP/1.1 200 OK\r\nServer: x\r\ndate: Mon, 02 Nov 2026 03:04:05 GMT\r\n\r\n"));
        assertNull(StrangerLook.date("HTTP/1.1 200 OK\r\nDate: today\r\n\r\n"));
        assertNull(StrangerLook.date(""));
    }

    private static Finding udp(boolean proxied, boolean connected, UdpQuestion.@Nullable Answer answer) {
        return UtpSilence.explain(BRIDGE, proxied, connected, null, answer, WAITED);
    }

    @Test
    void saysWhatKeepsUtpAway() {
        assertEquals("µTP: not through this proxy", udp(true, false, null).text());
        assertEquals(
                "µTP: UDP is refused (ICMP)",
                udp(false, false, UdpQuestion.Answer.REFUSED).text());
        assertEquals(
                "µTP: UDP cannot be sent from here",
                udp(false, false, UdpQuestion.Answer.NOT_SENT).text());
        assertEquals(
                "µTP: connected, but not paired",
                udp(false, true, UdpQuestion.Answer.SILENT).text());
        assertEquals(
                "µTP: answered, but not connected in 10 s",
                udp(false, false, UdpQuestion.Answer.ANSWERED).text());
        assertEquals(
                "µTP: nothing came back by UDP in 10 s",
                udp(false, false, UdpQuestion.Answer.SILENT).text());
    }

    @ParameterizedTest
    @EnumSource(CloseReason.class)
    void everyEndOfASessionIsExplained(CloseReason reason) {
        Finding finding = SessionEnd.explain(reason, "detail");
        assertEquals(reason == CloseReason.FINISHED ? Level.NOTE : Level.FAIL, finding.level());
        assertTrue(finding.text().matches("(proof|session): .*"), finding.text());
    }

    private static ConnectionStats utp(long rttMicros) {
        return new ConnectionStats(9 * rttMicros, rttMicros, 0, 0, 0, 1_400, 0, 0, 0, 0, 100, 0, 3, 2, 0, 0, 0);
    }

    private static List<String> lines(SessionReport report, boolean hadData) {
        List<Finding> findings = new ArrayList<>();
        report.tell(findings::add);
        report.tellLoad(findings::add, BRIDGE, hadData);
        return findings.stream().map(Finding::text).toList();
    }

    @Test
    void reportsWhatIsKnownOnly() {
        SessionReport.Tls tls = new SessionReport.Tls(12_345, 4);
        assertEquals(
                List.of(
                        "session: sends on µTP",
                        "round trip: 12 ms on TLS, 2.0 ms on µTP",
                        "path MTU: datagrams of 1400 bytes of µTP, 1428 with UDP and IP",
                        "loss: of what was sent up, µTP took 2 of 100 packets for lost, and sent 3 again; TCP sent 4 segments again"),
                lines(new SessionReport(CarrierKind.UTP, tls, utp(2_000), false), true));
        assertEquals(
                List.of("session: sends on TLS", "round trip: 12 ms on TLS (to the proxy)"),
                lines(new SessionReport(CarrierKind.TLS, tls, null, true), false));
        assertEquals(
                List.of("session: sends on TLS"), lines(new SessionReport(CarrierKind.TLS, null, null, false), false));
    }

    private static SessionStats stats(long tls, long utp) {
        return new SessionStats(tls, utp, tls, utp, 0, 0, 0, 0, 0, 0, 0);
    }

    private static final Rate DOWN = new Rate(9 << 20, 3_000_000_000L);

    @Test
    void tellsTheRates() {
        RateFlow.Result result = new RateFlow.Result(DOWN, new Rate(1 << 20, 500_000_000L), RateFlow.End.WHOLE);
        assertEquals(
                Finding.ok(
                        "rate: 25.2 Mbit/s down, 16.8 Mbit/s up, over µTP (9216 KiB in 3.0 s down, 1024 KiB in 0.5 s up)"),
                RateProbe.explain(result, stats(10, 1_000), null));
        assertTrue(RateProbe.explain(result, stats(1_000, 10), null).text().contains(" up, over TLS ("));
        assertTrue(RateProbe.explain(result, stats(100, 100), null).text().contains(" up, over µTP and TLS ("));
    }

    @Test
    void tellsWhatKeptRatesFromBeingMeasured() {
        Watch.Closed closed = new Watch.Closed(CloseReason.CARRIERS_LOST, "both carriers are gone");
        Finding ended =
                RateProbe.explain(new RateFlow.Result(DOWN, null, RateFlow.End.CLOSED), stats(10, 1_000), closed);
        assertEquals(Level.FAIL, ended.level());
        assertEquals("rate: the session ended while it was measured: both carriers are gone", ended.text());
        assertTrue(
                ended.explanation().startsWith("Until then 25.2 Mbit/s had come down, over µTP (9216 KiB in 3.0 s)."),
                ended.explanation());
        for (RateFlow.End end : List.of(RateFlow.End.LATE, RateFlow.End.MALFORMED)) {
            Finding finding = RateProbe.explain(new RateFlow.Result(new Rate(0, 0), null, end), stats(0, 0), null);
            assertEquals(Level.WARN, finding.level());
            assertTrue(finding.explanation().startsWith("Nothing had come down."), finding.explanation());
        }
    }

    @ParameterizedTest
    @EnumSource(CloseReason.class)
    void saysWhyABridgeDidNotMeasure(CloseReason reason) {
        Finding finding = RateProbe.notAdmitted(new Watch.Closed(reason, "detail"));
        boolean noFault = reason == CloseReason.OVERLOADED || reason == CloseReason.NOT_ADMITTED;
        assertEquals(noFault ? Level.NOTE : Level.WARN, finding.level());
        assertTrue(finding.text().startsWith("rate and loss: not measured, "), finding.text());
    }
}
