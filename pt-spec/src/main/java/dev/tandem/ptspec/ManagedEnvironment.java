package dev.tandem.ptspec;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the parent process (tor) told a managed proxy through its environment (pt-spec 3.2). Immutable; parsed once, at the border, from a
 * map such as {@link System#getenv()}.
 *
 * <p>An empty variable counts as unset, because tor sets some to the empty string.
 */
public sealed interface ManagedEnvironment permits ClientEnvironment, ServerEnvironment {
    /** The one version of the protocol that exists ({@code TOR_PT_MANAGED_TRANSPORT_VER}, pt-spec 3.2.1). */
    String VERSION = "1";

    /** Whether a parent process that speaks pt-spec started us. */
    static boolean isManaged(Map<String, String> environment) {
        return environment.containsKey(EnvironmentVariables.MANAGED_TRANSPORT_VER);
    }

    /**
     * Chooses the version of the protocol (pt-spec 3.3.1). Done before the rest of the environment is looked at.
     *
     * @return {@link #VERSION}
     * @throws StartupException.UnsupportedVersion if the parent does not offer it
     * @throws StartupException.BadEnvironment if the variable is not there at all
     */
    static String negotiateVersion(Map<String, String> environment) throws StartupException {
        String offered = environment.get(EnvironmentVariables.MANAGED_TRANSPORT_VER);
        if (offered == null) {
            throw new StartupException.BadEnvironment("no " + EnvironmentVariables.MANAGED_TRANSPORT_VER);
        }
        if (!EnvironmentVariables.split(offered, ',').contains(VERSION)) {
            throw new StartupException.UnsupportedVersion();
        }
        return VERSION;
    }

    /**
     * Parses either environment, whichever of {@code TOR_PT_CLIENT_TRANSPORTS} and {@code TOR_PT_SERVER_TRANSPORTS} is set.
     *
     * @throws StartupException if both or neither are set, or anything is missing, malformed or contradictory
     */
    static ManagedEnvironment parse(Map<String, String> environment) throws StartupException {
        return new EnvironmentVariables(environment).isServer()
                ? ServerEnvironment.parse(environment)
                : ClientEnvironment.parse(environment);
    }

    /** {@code TOR_PT_STATE_LOCATION}: absolute; may not exist yet. Write nowhere else. */
    Path stateLocation();

    /** {@code TOR_PT_EXIT_ON_STDIN_CLOSE}: whether the end of standard input means that we must exit. */
    boolean exitOnStdinClose();

    /** {@code TOR_PT_OUTBOUND_BIND_ADDRESS_V4}. */
    Optional<InetAddress> outboundBindAddressV4();

    /** {@code TOR_PT_OUTBOUND_BIND_ADDRESS_V6}. */
    Optional<InetAddress> outboundBindAddressV6();

    /** The local address for a connection or datagram to {@code destination}; none for a loopback destination, as in tor. */
    default Optional<InetAddress> outboundBindAddress(InetAddress destination) {
        if (destination.isLoopbackAddress()) {
            return Optional.empty();
        }
        return destination.getAddress().length == 4 ? outboundBindAddressV4() : outboundBindAddressV6();
    }
}
