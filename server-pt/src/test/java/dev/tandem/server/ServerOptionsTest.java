package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerLimits;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerOptionsTest {
    private static ServerOptions parse(String text) throws Exception {
        return ServerOptions.parse("ServerTransportOptions", TransportArgs.parseSocks(text));
    }

    @Test
    void changesNothingThatIsNotThere() throws Exception {
        LinkConfig config = parse("").applyTo(LinkConfig.DEFAULT);
        assertEquals(ServerLimits.DEFAULT, config.limits());
        assertEquals(LinkConfig.DEFAULT.strangers(), config.strangers());
        assertEquals(LinkConfig.DEFAULT.retainBytes(), config.retainBytes());
        assertEquals(0, config.utp().maxDatagramBytes());
        assertEquals(Duration.ZERO, config.idleTimeout());
        assertEquals(ProxyLog.DEFAULT_LINES_PER_SECOND, parse("").logLinesPerSecond());
    }

    @Test
    void eachOptionSetsItsOwnBound() throws Exception {
        ServerOptions options = parse("carrier=tls;max-sessions=1;max-sessions-per-address=2;max-half-open=3;"
                + "max-half-open-per-address=4;max-handshakes-per-second=5;max-half-open-utp=6;max-unmatched-utp=7;"
                + "max-detached=8;detached-seconds=10;max-session-bytes=65536;max-log-lines-per-second=9;max-memory-mib=4096;"
                + "max-strangers=11;max-stranger-handshakes-per-second=12;mtu=1200;idle=700");
        LinkConfig config = options.applyTo(LinkConfig.DEFAULT);
        ServerLimits standard = ServerLimits.DEFAULT;
        assertEquals(
                new ServerLimits(
                        3, 4, 5, 1, 2, 6, 7, standard.unmatchedUtpBytes(), 8, standard.detachedBytes(), 4096L << 20),
                config.limits());
        assertEquals(Duration.ofSeconds(10), config.detachedTimeout());
        assertEquals(65_536, config.retainBytes());
        assertEquals(65_536, config.receiveBytes());
        assertEquals(11, config.strangers().maxStrangers());
        assertEquals(12, config.strangers().handshakesPerSecond());
        assertEquals(CarrierPolicy.TLS, config.policy());
        assertEquals(1200, config.utp().maxDatagramBytes());
        assertEquals(Duration.ofSeconds(700), config.idleTimeout());
        assertEquals(9, options.logLinesPerSecond());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mtu=575 | mtu= takes a number from 576 to 65000",
                "idle=0 | idle= takes a number from 1 to 604800",
                "idle=3h | idle= takes a number from 1 to 604800",
                "mtu=1200;mtu=1300 | mtu= is there twice",
                "cc=vegas | cc= takes bbr, cubic, ledbat or ledbat++",
                "udp-source=all | udp-source= takes client or any",
                "decoy=nowhere | decoy= takes HOST:PORT",
                "speed=9 | unknown option speed=; this transport takes carrier=, cc=, decoy=, metrics=, udp-source=, max-sessions=",
            })
    void namesWhatIsWrongAndWhatItTakes(String text, String expected) {
        PtParseException e = assertThrows(PtParseException.class, () -> parse(text));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("ServerTransportOptions: " + expected), message);
    }
}
