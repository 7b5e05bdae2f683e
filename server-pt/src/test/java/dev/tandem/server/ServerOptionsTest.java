package dev.tandem.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerLimits;
import dev.tandem.utp.paired.strangers.Decoy;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
        LinkConfig config = parse("").applyTo(LinkConfig.DEFAULT, null);
        assertEquals(ServerLimits.DEFAULT, config.limits());
        assertEquals(LinkConfig.DEFAULT.strangers(), config.strangers());
        assertEquals(LinkConfig.DEFAULT.retainBytes(), config.retainBytes());
        assertEquals(0, config.utp().maxDatagramBytes());
        assertEquals(Duration.ZERO, config.idleTimeout());
        assertEquals(ProxyLog.DEFAULT_LINES_PER_SECOND, parse("").logLinesPerSecond());
    }

    @Test
    void eachOptionSetsItsOwnBound() throws Exception {
        ServerOptions options = parse(
                "carrier=tls;max-sessions=1;max-sessions-per-address=2;max-half-open=3;"
                        + "max-half-open-per-address=4;max-handshakes-per-second=5;max-half-open-utp=6;max-unmatched-utp=7;"
                        + "max-detached=8;detached-seconds=10;max-session-bytes=65536;max-log-lines-per-second=9;max-memory-mib=4096;"
                        + "max-strangers=11;max-stranger-handshakes-per-second=12;max-strangers-per-address=13;mtu=1200;idle=700");
        LinkConfig config = options.applyTo(LinkConfig.DEFAULT, null);
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
        assertEquals(13, config.strangers().maxPerAddress());
        assertEquals(CarrierPolicy.TLS, config.policy());
        assertEquals(1200, config.utp().maxDatagramBytes());
        assertEquals(Duration.ofSeconds(700), config.idleTimeout());
        assertEquals(9, options.logLinesPerSecond());
    }

    /** Its peers are many, and stay: what is bounded, and how, goes with the option, but for what is told. */
    @Test
    void theOrPortBringsBoundsOfItsOwn() throws Exception {
        Decoy orPort = Decoy.orPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9001));
        StrangerConfig strangers = parse("decoy=orport;udp-source=any")
                .applyTo(LinkConfig.DEFAULT, orPort)
                .strangers();
        assertEquals(orPort, strangers.decoy());
        assertTrue(strangers.orPort());
        assertTrue(strangers.anyUdpSource());
        assertEquals(8_192, strangers.maxStrangers());
        assertEquals(100, strangers.maxPerAddress());
        strangers = parse("max-strangers=20000;decoy=orport;max-strangers-per-address=8")
                .applyTo(LinkConfig.DEFAULT, orPort)
                .strangers();
        assertEquals(20_000, strangers.maxStrangers());
        assertEquals(8, strangers.maxPerAddress());
        assertFalse(parse("decoy=127.0.0.1:9001")
                .applyTo(LinkConfig.DEFAULT, orPort)
                .strangers()
                .orPort());
    }

    @Test
    void thereMustBeAnOrPort() throws Exception {
        ServerOptions options = parse("decoy=orport");
        IOException failure = assertThrows(IOException.class, () -> options.applyTo(LinkConfig.DEFAULT, null));
        assertEquals(
                "decoy=orport: there is no tor that has named its ORPort; decoy=HOST:PORT names any server",
                failure.getMessage());
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
