package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientArgumentsTest {
    private static ClientArguments parse(String more) throws PtParseException {
        return ClientArguments.parse(TransportArgs.parseSocks("cert=" + Bridge.CERT + more));
    }

    @Test
    void eachSetsItsOwn() throws Exception {
        LinkConfig config = parse(";carrier=tls;mtu=1200;idle=700").options().applyTo(LinkConfig.DEFAULT);
        assertEquals(CarrierPolicy.TLS, config.policy());
        assertEquals(1200, config.utp().maxDatagramBytes());
        assertEquals(Duration.ofSeconds(700), config.idleTimeout());
        assertEquals(CongestionControl.LEDBAT, parse(";cc=ledbat").options().congestion());
    }

    @Test
    void changeNothingThatIsNotThere() throws Exception {
        LinkConfig config = parse("").options().applyTo(LinkConfig.DEFAULT);
        assertSame(LinkConfig.DEFAULT.utp(), config.utp());
        assertEquals(Duration.ZERO, config.idleTimeout());
        assertEquals(CarrierPolicy.AUTO, config.policy());
    }

    @Test
    void giveWayToOthersOneByOne() throws Exception {
        ClientOptions forward = ClientOptions.parse("forward", "", TransportArgs.parseSocks("cc=cubic;idle=60"));
        ClientOptions both = forward.or(parse(";cc=bbr;mtu=1300").options());
        assertEquals(new ClientOptions(null, CongestionControl.CUBIC, 1300, 60), both);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mtu=70000 | mtu= takes a number from 576 to 65000",
                "mtu=big | mtu= takes a number from 576 to 65000",
                "idle=-1 | idle= takes a number from 1 to 604800",
                "carrier=udp | carrier= takes auto, tls or utp",
                "cc=vegas | cc= takes bbr, cubic, ledbat or ledbat++",
                "idle=1;idle=2 | idle= is there twice",
                "speed=9 | unknown argument speed=; this transport takes cert=, carrier=, cc=, mtu= and idle=",
            })
    void namesWhatIsWrongAndWhatItTakes(String more, String expected) {
        PtParseException e = assertThrows(PtParseException.class, () -> parse(";" + more));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("bridge line: " + expected), message);
        assertFalse(message.contains(Bridge.CERT), message);
    }
}
