package dev.tandem.ptspec;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The environment of a managed client (pt-spec 3.2.1 and 3.2.2).
 *
 * @param transports {@code TOR_PT_CLIENT_TRANSPORTS}, each name once; a name that the proxy does not know gets no message at all
 * @param upstreamProxy {@code TOR_PT_PROXY}; if present, say {@code PROXY DONE} or {@code PROXY-ERROR} before any transport
 * @param stateLocation see {@link ManagedEnvironment#stateLocation}
 * @param exitOnStdinClose see {@link ManagedEnvironment#exitOnStdinClose}
 * @param outboundBindAddressV4 see {@link ManagedEnvironment#outboundBindAddressV4}
 * @param outboundBindAddressV6 see {@link ManagedEnvironment#outboundBindAddressV6}
 */
public record ClientEnvironment(
        List<String> transports,
        Optional<UpstreamProxy> upstreamProxy,
        Path stateLocation,
        boolean exitOnStdinClose,
        Optional<InetAddress> outboundBindAddressV4,
        Optional<InetAddress> outboundBindAddressV6)
        implements ManagedEnvironment {
    private static final String PROXY = "TOR_PT_PROXY";

    /** Copies the list. */
    public ClientEnvironment {
        transports = List.copyOf(transports);
    }

    /**
     * Parses a client's environment.
     *
     * @throws StartupException.BadEnvironment if a variable is missing, malformed or contradictory, or this is a server's environment
     * @throws StartupException.BadUpstreamProxy if all is well but {@code TOR_PT_PROXY}
     */
    public static ClientEnvironment parse(Map<String, String> environment) throws StartupException {
        EnvironmentVariables variables = new EnvironmentVariables(environment);
        if (variables.isServer()) {
            throw new StartupException.BadEnvironment(
                    "no " + EnvironmentVariables.CLIENT_TRANSPORTS + ": this is a client, started as a server");
        }
        ClientEnvironment direct = new ClientEnvironment(
                variables.transports(EnvironmentVariables.CLIENT_TRANSPORTS),
                Optional.empty(),
                variables.stateLocation(),
                variables.exitOnStdinClose(),
                variables.outboundBindAddressV4(),
                variables.outboundBindAddressV6());
        Optional<String> proxy = variables.value(PROXY);
        if (proxy.isEmpty()) {
            return direct;
        }
        try {
            return direct.through(UpstreamProxy.parse(proxy.get()));
        } catch (PtParseException e) {
            throw new StartupException.BadUpstreamProxy(PROXY + ": " + e.getMessage());
        }
    }

    private ClientEnvironment through(UpstreamProxy proxy) {
        return new ClientEnvironment(
                transports,
                Optional.of(proxy),
                stateLocation,
                exitOnStdinClose,
                outboundBindAddressV4,
                outboundBindAddressV6);
    }
}
