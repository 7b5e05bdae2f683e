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
        report.tell(findings::add, BRIDGE, hadData);
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
                        "loss: µTP took 2 of 100 packets for lost, and sent 3 again; TCP sent 4 segments again"),
                lines(new SessionReport(CarrierKind.UTP, tls, utp(2_000), false), true));
        assertEquals(
                List.of("session: sends on TLS", "round trip: 12 ms on TLS (to the proxy)"),
                lines(new SessionReport(CarrierKind.TLS, tls, null, true), false));
        assertEquals(
                List.of("session: sends on TLS"), lines(new SessionReport(CarrierKind.TLS, null, null, false), false));
    }

    @Test
    void tellsTheRateOfAnEcho() {
        assertEquals(Level.NOTE, SessionReport.rate(null).level());
        assertEquals(
                Level.WARN, SessionReport.rate(new EchoFlow.Result(0, 0, false)).level());
        Finding rate = SessionReport.rate(new EchoFlow.Result(10 << 20, 4_000_000_000L, true));
        assertEquals(Level.OK, rate.level());
        assertTrue(
                rate.text().startsWith("rate: 21.0 Mbit/s there and back at once (10240 KiB in 4.0 s)"), rate.text());
        assertEquals(
                Level.WARN, SessionReport.rate(new EchoFlow.Result(1, 1, false)).level());
    }
}
