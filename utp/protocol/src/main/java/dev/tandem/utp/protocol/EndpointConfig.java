package dev.tandem.utp.protocol;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link Endpoint} is made with; immutable.
 *
 * @param accepting whether a SYN from a peer makes a connection; otherwise it is answered with RESET
 * @param maxConnections most connections held at once, lingering ones included; SYNs beyond it are dropped
 * @param maxHalfOpen most connections that peers began and did not confirm by a second packet
 * @param resetsPerSecond most RESETs sent each second in answer to packets of unknown connections
 * @param dontFragment whether datagrams leave with DF set, but those that may be fragmented ({@link Transmit#mayFragment()}), so
 *     that the path's MTU can be found out
 * @param sources who is answered without having a connection; null for anybody
 * @param connection what connections are made with unless {@link Endpoint#connect} is told otherwise
 */
public record EndpointConfig(
        boolean accepting,
        int maxConnections,
        int maxHalfOpen,
        int resetsPerSecond,
        boolean dontFragment,
        @Nullable SourceFilter sources,
        ConnectionConfig connection) {

    /** Accepts; up to 65,536 connections, 1,024 of them half open; 100 RESETs a second; DF is not set; anybody is answered. */
    public static final EndpointConfig DEFAULT =
            new EndpointConfig(true, 65_536, 1_024, 100, false, null, ConnectionConfig.DEFAULT);

    /** @throws IllegalArgumentException if a bound is negative */
    public EndpointConfig {
        if (maxConnections < 0 || maxHalfOpen < 0 || resetsPerSecond < 0) {
            throw new IllegalArgumentException("a bound must not be negative");
        }
        Objects.requireNonNull(connection, "connection");
    }

    /** The same, with SYNs of peers accepted or refused. */
    public EndpointConfig withAccepting(boolean value) {
        return new EndpointConfig(
                value, maxConnections, maxHalfOpen, resetsPerSecond, dontFragment, sources, connection);
    }

    /** The same with another bound on connections. */
    public EndpointConfig withMaxConnections(int value) {
        return new EndpointConfig(accepting, value, maxHalfOpen, resetsPerSecond, dontFragment, sources, connection);
    }

    /** The same with another bound on half-open connections. */
    public EndpointConfig withMaxHalfOpen(int value) {
        return new EndpointConfig(accepting, maxConnections, value, resetsPerSecond, dontFragment, sources, connection);
    }

    /** The same with another bound on RESETs for what is not known. */
    public EndpointConfig withResetsPerSecond(int value) {
        return new EndpointConfig(accepting, maxConnections, maxHalfOpen, value, dontFragment, sources, connection);
    }

    /** The same, with datagrams that leave with DF set or without. */
    public EndpointConfig withDontFragment(boolean value) {
        return new EndpointConfig(accepting, maxConnections, maxHalfOpen, resetsPerSecond, value, sources, connection);
    }

    /** The same, silent to those that the filter does not know; null for nobody. */
    public EndpointConfig withSources(@Nullable SourceFilter value) {
        return new EndpointConfig(
                accepting, maxConnections, maxHalfOpen, resetsPerSecond, dontFragment, value, connection);
    }

    /** The same with connections of another kind. */
    public EndpointConfig withConnection(ConnectionConfig value) {
        return new EndpointConfig(
                accepting, maxConnections, maxHalfOpen, resetsPerSecond, dontFragment, sources, value);
    }
}
