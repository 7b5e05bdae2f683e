package dev.tandem.server;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import java.util.HashSet;
import java.util.Set;

/**
 * What {@code ServerTransportOptions utp} says.
 *
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} (UDP is not listened on) or {@code utp}
 */
record ServerOptions(CarrierPolicy carrier) {

    /**
     * Reads them.
     *
     * @throws PtParseException with one line that names the option
     */
    static ServerOptions parse(TransportArgs options) throws PtParseException {
        Set<String> seen = new HashSet<>();
        CarrierPolicy carrier = CarrierPolicy.AUTO;
        for (TransportArgs.Arg option : options.entries()) {
            if (!seen.add(option.key())) {
                throw new PtParseException("ServerTransportOptions: " + option.key() + "= is there twice");
            }
            if (!option.key().equals("carrier")) {
                throw new PtParseException(
                        "ServerTransportOptions: unknown option " + option.key() + "=; this transport takes carrier=");
            }
            try {
                carrier = CarrierPolicy.parse(option.value());
            } catch (IllegalArgumentException e) {
                throw new PtParseException("ServerTransportOptions: " + e.getMessage());
            }
        }
        return new ServerOptions(carrier);
    }
}
