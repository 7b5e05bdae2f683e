package dev.tandem.client;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.util.HashSet;
import java.util.Set;

/**
 * The arguments of a bridge line.
 *
 * @param cert {@code cert=}: the bridge's pin and secret; required
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} or {@code utp}
 * @param congestion {@code cc=}: congestion control of what we send on µTP, {@code bbr} (the default), {@code cubic},
 *     {@code ledbat} or {@code ledbat++}
 */
record ClientArguments(BridgeCert cert, CarrierPolicy carrier, CongestionControl congestion) {

    /**
     * Reads them.
     *
     * @throws PtParseException with one line that names the argument and not its value
     */
    static ClientArguments parse(TransportArgs args) throws PtParseException {
        Set<String> seen = new HashSet<>();
        BridgeCert cert = null;
        CarrierPolicy carrier = CarrierPolicy.AUTO;
        CongestionControl congestion = CongestionControl.BBR;
        for (TransportArgs.Arg arg : args.entries()) {
            if (!seen.add(arg.key())) {
                throw new PtParseException("bridge line: " + arg.key() + "= is there twice");
            }
            try {
                switch (arg.key()) {
                    case "cert" -> cert = BridgeCert.parse(arg.value());
                    case "carrier" -> carrier = CarrierPolicy.parse(arg.value());
                    case "cc" -> congestion = CongestionControl.parse("cc=", arg.value());
                    default ->
                        throw new PtParseException("bridge line: unknown argument " + arg.key()
                                + "=; this transport takes cert=, carrier= and cc=");
                }
            } catch (IllegalArgumentException e) {
                throw new PtParseException("bridge line: " + e.getMessage());
            }
        }
        if (cert == null) {
            throw new PtParseException("bridge line: cert= is missing");
        }
        return new ClientArguments(cert, carrier, congestion);
    }
}
