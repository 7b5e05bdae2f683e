package dev.tandem.ptspec;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The environment of a managed server (pt-spec 3.2.1 and 3.2.3).
 *
 * @param transports {@code TOR_PT_SERVER_TRANSPORTS}, each name once; a name that the proxy does not know gets no message at all
 * @param options {@code TOR_PT_SERVER_TRANSPORT_OPTIONS}, by transport
 * @param bindAddresses {@code TOR_PT_SERVER_BINDADDR}, by transport; a port of 0 means any
 * @param orPort {@code TOR_PT_ORPORT}; present if {@code extendedOrPort} is not
 * @param extendedOrPort {@code TOR_PT_EXTENDED_SERVER_PORT}; to be preferred if present
 * @param authCookieFile {@code TOR_PT_AUTH_COOKIE_FILE}, absolute; present exactly if {@code extendedOrPort} is
 * @param stateLocation see {@link ManagedEnvironment#stateLocation}
 * @param exitOnStdinClose see {@link ManagedEnvironment#exitOnStdinClose}
 * @param outboundBindAddressV4 see {@link ManagedEnvironment#outboundBindAddressV4}
 * @param outboundBindAddressV6 see {@link ManagedEnvironment#outboundBindAddressV6}
 */
public record ServerEnvironment(
        List<String> transports,
        Map<String, TransportArgs> options,
        Map<String, InetSocketAddress> bindAddresses,
        Optional<InetSocketAddress> orPort,
        Optional<InetSocketAddress> extendedOrPort,
        Optional<Path> authCookieFile,
        Path stateLocation,
        boolean exitOnStdinClose,
        Optional<InetAddress> outboundBindAddressV4,
        Optional<InetAddress> outboundBindAddressV6)
        implements ManagedEnvironment {
    private static final String OPTIONS = "TOR_PT_SERVER_TRANSPORT_OPTIONS";
    private static final String BINDADDR = "TOR_PT_SERVER_BINDADDR";
    private static final String ORPORT = "TOR_PT_ORPORT";
    private static final String EXTENDED_SERVER_PORT = "TOR_PT_EXTENDED_SERVER_PORT";
    private static final String AUTH_COOKIE_FILE = "TOR_PT_AUTH_COOKIE_FILE";

    /** Copies the collections. */
    public ServerEnvironment {
        transports = List.copyOf(transports);
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
        bindAddresses = Collections.unmodifiableMap(new LinkedHashMap<>(bindAddresses));
    }

    /**
     * Parses a server's environment.
     *
     * @throws StartupException.BadEnvironment if a variable is missing, malformed or contradictory, or this is a client's environment
     */
    public static ServerEnvironment parse(Map<String, String> environment) throws StartupException {
        EnvironmentVariables variables = new EnvironmentVariables(environment);
        if (!variables.isServer()) {
            throw new StartupException.BadEnvironment(
                    "no " + EnvironmentVariables.SERVER_TRANSPORTS + ": this is a server, started as a client");
        }
        List<String> transports = variables.transports(EnvironmentVariables.SERVER_TRANSPORTS);
        Optional<InetSocketAddress> orPort = variables.destination(ORPORT);
        Optional<InetSocketAddress> extendedOrPort = variables.destination(EXTENDED_SERVER_PORT);
        if (orPort.isEmpty() && extendedOrPort.isEmpty()) {
            throw new StartupException.BadEnvironment("neither " + ORPORT + " nor " + EXTENDED_SERVER_PORT + " set");
        }
        return new ServerEnvironment(
                transports,
                parseOptions(variables, transports),
                parseBindAddresses(variables, transports),
                orPort,
                extendedOrPort,
                // tor sets the cookie's file also while its Extended ORPort is not listening: meaningless then.
                extendedOrPort.isPresent() ? Optional.of(cookieFile(variables)) : Optional.empty(),
                variables.stateLocation(),
                variables.exitOnStdinClose(),
                variables.outboundBindAddressV4(),
                variables.outboundBindAddressV6());
    }

    /** The options of a transport; empty if there are none. */
    public TransportArgs optionsOf(String transport) {
        return options.getOrDefault(transport, TransportArgs.empty());
    }

    /** Where the transport must listen, if tor says so (it always does). */
    public Optional<InetSocketAddress> bindAddressOf(String transport) {
        return Optional.ofNullable(bindAddresses.get(transport));
    }

    private static Path cookieFile(EnvironmentVariables variables) throws StartupException.BadEnvironment {
        Optional<String> file = variables.value(AUTH_COOKIE_FILE);
        if (file.isEmpty()) {
            throw new StartupException.BadEnvironment(EXTENDED_SERVER_PORT + " set, but no " + AUTH_COOKIE_FILE);
        }
        return EnvironmentVariables.absolutePath(AUTH_COOKIE_FILE, file.get());
    }

    private static Map<String, TransportArgs> parseOptions(EnvironmentVariables variables, List<String> transports)
            throws StartupException.BadEnvironment {
        Map<String, TransportArgs> options;
        try {
            options = TransportArgs.parseServerOptions(variables.value(OPTIONS).orElse(""));
        } catch (PtParseException e) {
            throw new StartupException.BadEnvironment(OPTIONS + ": " + e.getMessage());
        }
        for (String transport : options.keySet()) {
            requireListed(OPTIONS, transport, transports);
        }
        return options;
    }

    /** {@code name-ip:port,name-ip:port}; a name holds no dash, so the first one ends it. */
    private static Map<String, InetSocketAddress> parseBindAddresses(
            EnvironmentVariables variables, List<String> transports) throws StartupException.BadEnvironment {
        Map<String, InetSocketAddress> addresses = new LinkedHashMap<>();
        Optional<String> value = variables.value(BINDADDR);
        if (value.isEmpty()) {
            return addresses;
        }
        for (String entry : EnvironmentVariables.split(value.get(), ',')) {
            int dash = entry.indexOf('-');
            if (dash < 0 || !TransportNames.isValid(entry.substring(0, dash))) {
                throw new StartupException.BadEnvironment(BINDADDR + ": not a list of NAME-IP:PORT");
            }
            String transport = entry.substring(0, dash);
            requireListed(BINDADDR, transport, transports);
            try {
                InetSocketAddress address = IpAddresses.parseAddressPort(entry.substring(dash + 1));
                if (addresses.put(transport, address) != null) {
                    throw new StartupException.BadEnvironment(BINDADDR + ": " + transport + " occurs twice");
                }
            } catch (PtParseException e) {
                throw new StartupException.BadEnvironment(
                        BINDADDR + ": address of " + transport + ": " + e.getMessage());
            }
        }
        return addresses;
    }

    private static void requireListed(String variable, String transport, List<String> transports)
            throws StartupException.BadEnvironment {
        if (!transports.contains(transport)) {
            throw new StartupException.BadEnvironment(
                    variable + ": " + transport + " is not in " + EnvironmentVariables.SERVER_TRANSPORTS);
        }
    }
}
