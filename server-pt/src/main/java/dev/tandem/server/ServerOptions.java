package dev.tandem.server;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.util.HashSet;
import java.util.Set;

/**
 * What {@code ServerTransportOptions utp} says.
 *
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} (UDP is not listened on) or {@code utp}
 * @param congestion {@code cc=}: congestion control of what we send on µTP, {@code bbr} (the default) or {@code ledbat}
 */
record ServerOptions(CarrierPolicy carrier, CongestionControl congestion) {

    /**
     * Reads them.
     *
     * @throws PtParseException with one line that names the option
     */
    static ServerOptions parse(TransportArgs options) throws PtParseException {
        Set<String> seen = new HashSet<>();
        CarrierPolicy carrier = CarrierPolicy.AUTO;
        CongestionControl congestion = CongestionControl.BBR;
        for (TransportArgs.Arg option : options.entries()) {
            if (!seen.add(option.key())) {
                throw new PtParseException("ServerTransportOptions: " + option.key() + "= is there twice");
            }
            try {
                switch (option.key()) {
                    case "carrier" -> carrier = CarrierPolicy.parse(option.value());
                    case "cc" -> congestion = CongestionControl.parse("cc=", option.value());
                    default ->
                        throw new PtParseException("ServerTransportOptions: unknown option " + option.key()
                                + "=; this transport takes carrier= and cc=");
                }
            } catch (IllegalArgumentException e) {
                throw new PtParseException("ServerTransportOptions: " + e.getMessage());
            }
        }
        return new ServerOptions(carrier, congestion);
    }
}
