package dev.tandem.server;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ServerTransportOptions utp} says.
 *
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} (UDP is not listened on) or {@code utp}
 * @param congestion {@code cc=}: congestion control of what we send on µTP, {@code bbr} (the default) or {@code ledbat}
 * @param decoy {@code decoy=}: the TLS server that strangers meet; null for one in this process
 * @param anyUdpSource {@code udp-source=}: {@code client} (the default), µTP for addresses with a client's TCP connection
 *     only, or {@code any}
 */
record ServerOptions(
        CarrierPolicy carrier,
        CongestionControl congestion,
        @Nullable HostPort decoy,
        boolean anyUdpSource) {

    /**
     * Reads them.
     *
     * @throws PtParseException with one line that names the option
     */
    static ServerOptions parse(TransportArgs options) throws PtParseException {
        Set<String> seen = new HashSet<>();
        CarrierPolicy carrier = CarrierPolicy.AUTO;
        CongestionControl congestion = CongestionControl.BBR;
        HostPort decoy = null;
        boolean anyUdpSource = false;
        for (TransportArgs.Arg option : options.entries()) {
            if (!seen.add(option.key())) {
                throw new PtParseException("ServerTransportOptions: " + option.key() + "= is there twice");
            }
            try {
                switch (option.key()) {
                    case "carrier" -> carrier = CarrierPolicy.parse(option.value());
                    case "cc" -> congestion = CongestionControl.parse("cc=", option.value());
                    case "decoy" -> decoy = HostPort.parse("decoy=", option.value());
                    case "udp-source" -> anyUdpSource = anyUdpSource("udp-source=", option.value());
                    default ->
                        throw new PtParseException("unknown option " + option.key()
                                + "=; this transport takes carrier=, cc=, decoy= and udp-source=");
                }
            } catch (IllegalArgumentException | PtParseException e) {
                throw new PtParseException("ServerTransportOptions: " + e.getMessage());
            }
        }
        return new ServerOptions(carrier, congestion, decoy, anyUdpSource);
    }

    /** Reads whom UDP answers. */
    static boolean anyUdpSource(String option, String value) throws PtParseException {
        return switch (value) {
            case "client" -> false;
            case "any" -> true;
            default -> throw new PtParseException(option + " takes client or any");
        };
    }

    /**
     * What the link makes of them.
     *
     * @throws IOException if the decoy's name does not resolve, with a single line
     */
    LinkConfig linkConfig() throws IOException {
        InetSocketAddress address = decoy == null ? null : decoy.resolve();
        return LinkConfig.DEFAULT
                .withPolicy(carrier)
                .withCongestionControl(congestion)
                .withStrangers(StrangerConfig.DEFAULT.withDecoy(address).withAnyUdpSource(anyUdpSource));
    }
}
