package dev.tandem.ptspec;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads single variables; every error names the variable and never its value, which may hold addresses or secrets. */
final class EnvironmentVariables {
    static final String MANAGED_TRANSPORT_VER = "TOR_PT_MANAGED_TRANSPORT_VER";
    static final String CLIENT_TRANSPORTS = "TOR_PT_CLIENT_TRANSPORTS";
    static final String SERVER_TRANSPORTS = "TOR_PT_SERVER_TRANSPORTS";

    private static final String STATE_LOCATION = "TOR_PT_STATE_LOCATION";
    private static final String EXIT_ON_STDIN_CLOSE = "TOR_PT_EXIT_ON_STDIN_CLOSE";
    private static final String OUTBOUND_BIND_ADDRESS_V4 = "TOR_PT_OUTBOUND_BIND_ADDRESS_V4";
    private static final String OUTBOUND_BIND_ADDRESS_V6 = "TOR_PT_OUTBOUND_BIND_ADDRESS_V6";

    private final Map<String, String> environment;

    EnvironmentVariables(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Whether we are a server; "each invocation of a PT MUST be either a client OR a server" (pt-spec 2). */
    boolean isServer() throws StartupException.BadEnvironment {
        boolean client = value(CLIENT_TRANSPORTS).isPresent();
        boolean server = value(SERVER_TRANSPORTS).isPresent();
        if (client == server) {
            throw new StartupException.BadEnvironment((client ? "both " : "neither ") + CLIENT_TRANSPORTS
                    + (client ? " and " : " nor ") + SERVER_TRANSPORTS + " set");
        }
        return server;
    }

    Optional<String> value(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    String required(String name) throws StartupException.BadEnvironment {
        Optional<String> value = value(name);
        if (value.isEmpty()) {
            throw new StartupException.BadEnvironment("no " + name);
        }
        return value.get();
    }

    /** A list of transport names, each once, in order. */
    List<String> transports(String name) throws StartupException.BadEnvironment {
        Set<String> transports = new LinkedHashSet<>();
        for (String transport : split(required(name), ',')) {
            if (!TransportNames.isValid(transport)) {
                throw new StartupException.BadEnvironment(name + ": not a list of transport names");
            }
            transports.add(transport);
        }
        return List.copyOf(transports);
    }

    Path stateLocation() throws StartupException.BadEnvironment {
        return absolutePath(STATE_LOCATION, required(STATE_LOCATION));
    }

    boolean exitOnStdinClose() {
        // "MUST NOT treat a closed stdin as a signal to terminate unless this environment variable is set to 1"
        // (pt-spec 3.2.1).
        return "1".equals(environment.get(EXIT_ON_STDIN_CLOSE));
    }

    Optional<InetAddress> outboundBindAddressV4() throws StartupException.BadEnvironment {
        Optional<String> value = value(OUTBOUND_BIND_ADDRESS_V4);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(IpAddresses.parseIpv4(value.get()));
        } catch (PtParseException e) {
            throw new StartupException.BadEnvironment(OUTBOUND_BIND_ADDRESS_V4 + ": " + e.getMessage());
        }
    }

    Optional<InetAddress> outboundBindAddressV6() throws StartupException.BadEnvironment {
        Optional<String> value = value(OUTBOUND_BIND_ADDRESS_V6);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        String text = value.get();
        if (!text.startsWith("[") || !text.endsWith("]")) {
            throw new StartupException.BadEnvironment(OUTBOUND_BIND_ADDRESS_V6 + ": not an IPv6 address in brackets");
        }
        try {
            InetAddress address = IpAddresses.parseIpv6(text.substring(1, text.length() - 1));
            if (address.getAddress().length == 4) {
                throw new StartupException.BadEnvironment(OUTBOUND_BIND_ADDRESS_V6 + ": an IPv4 address");
            }
            return Optional.of(address);
        } catch (PtParseException e) {
            throw new StartupException.BadEnvironment(OUTBOUND_BIND_ADDRESS_V6 + ": " + e.getMessage());
        }
    }

    /** An {@code ip:port} to connect to, so its port is not 0. */
    Optional<InetSocketAddress> destination(String name) throws StartupException.BadEnvironment {
        Optional<String> value = value(name);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            InetSocketAddress address = IpAddresses.parseAddressPort(value.get());
            if (address.getPort() == 0) {
                throw new StartupException.BadEnvironment(name + ": port 0");
            }
            return Optional.of(address);
        } catch (PtParseException e) {
            throw new StartupException.BadEnvironment(name + ": " + e.getMessage());
        }
    }

    static Path absolutePath(String name, String value) throws StartupException.BadEnvironment {
        try {
            Path path = Path.of(value);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            // said below
        }
        throw new StartupException.BadEnvironment(name + ": not an absolute path");
    }

    static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (int end = text.indexOf(separator); end >= 0; end = text.indexOf(separator, start)) {
            parts.add(text.substring(start, end));
            start = end + 1;
        }
        parts.add(text.substring(start));
        return parts;
    }
}
