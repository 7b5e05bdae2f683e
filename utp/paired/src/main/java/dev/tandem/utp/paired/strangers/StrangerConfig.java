package dev.tandem.utp.paired.strangers;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * How a server deals with those who are no clients of its own. Immutable.
 *
 * @param decoy where strangers are connected to, a server that waits for its clients to speak first; null for a small one
 *     in this process
 * @param orPort whether the decoy is tor's ORPort, and the strangers its peers: then nobody stands in for it, and little waits between
 *     the two, where tor could not reorder it
 * @param maxStrangers most TCP connections at once that are strangers, or may be; each has one to the decoy besides. More
 *     wait until there is room, unless they turn out to be clients
 * @param maxPerAddress of these, most from one IPv4 address or IPv6 network of 64 bits
 * @param maxMarkers most markers remembered; 28 bytes each. At the bound the oldest is forgotten
 * @param handshakesPerSecond TLS handshakes of the server in this process, in the long run and twice as many at once; who
 *     comes beyond it waits
 * @param webTimeout how long the server in this process waits for a handshake, for a request, and between requests
 * @param anyUdpSource whether SYNs of µTP are answered also to addresses without a client's TCP connection
 * @param clock the time of day, which is in the markers; client and server
 */
public record StrangerConfig(
        @Nullable InetSocketAddress decoy,
        boolean orPort,
        int maxStrangers,
        int maxPerAddress,
        int maxMarkers,
        int handshakesPerSecond,
        Duration webTimeout,
        boolean anyUdpSource,
        InstantSource clock) {
    private static final int UNBOUNDED = Integer.MAX_VALUE;

    /** No decoy; 1,024 strangers, from wherever, 65,536 markers (in three hours), 50 handshakes a second, 60 s; UDP for clients only; the system's clock. */
    public static final StrangerConfig DEFAULT = new StrangerConfig(
            null, false, 1_024, UNBOUNDED, 65_536, 50, Duration.ofSeconds(60), false, InstantSource.system());

    /**
     * Strangers are tor's peers, and a busy relay has thousands of them, which stay; an idle one takes 3 KB of heap. One address may have as many as tor itself allows by
     * default (DoSConnectionMaxConcurrentCount), which sees them all come from one place.
     */
    private static final int OR_PORT_STRANGERS = 8_192;

    private static final int OR_PORT_STRANGERS_PER_ADDRESS = 100;

    /** @throws IllegalArgumentException if a bound is below 1, the decoy's address is not resolved, or an ORPort has none */
    public StrangerConfig {
        if (Math.min(Math.min(maxStrangers, maxPerAddress), Math.min(maxMarkers, handshakesPerSecond)) < 1) {
            throw new IllegalArgumentException("a bound must be 1 or more");
        }
        if (decoy != null && decoy.isUnresolved()) {
            throw new IllegalArgumentException("the decoy's address is not resolved");
        }
        if (decoy == null && orPort) {
            throw new IllegalArgumentException("an ORPort has an address");
        }
    }

    /** The same with another decoy; null for the server in this process. */
    public StrangerConfig withDecoy(@Nullable InetSocketAddress value) {
        return new StrangerConfig(
                value,
                false,
                maxStrangers,
                maxPerAddress,
                maxMarkers,
                handshakesPerSecond,
                webTimeout,
                anyUdpSource,
                clock);
    }

    /** The same before tor's ORPort, with bounds that fit its peers: 8,192 of them, 100 from one address. */
    public StrangerConfig withOrPort(InetSocketAddress value) {
        return new StrangerConfig(
                value,
                true,
                OR_PORT_STRANGERS,
                OR_PORT_STRANGERS_PER_ADDRESS,
                maxMarkers,
                handshakesPerSecond,
                webTimeout,
                anyUdpSource,
                clock);
    }

    /** The same with other bounds. */
    public StrangerConfig withBounds(int strangers, int markers) {
        return new StrangerConfig(
                decoy, orPort, strangers, maxPerAddress, markers, handshakesPerSecond, webTimeout, anyUdpSource, clock);
    }

    /** The same with another bound on the strangers from one address. */
    public StrangerConfig withMaxPerAddress(int value) {
        return new StrangerConfig(
                decoy, orPort, maxStrangers, value, maxMarkers, handshakesPerSecond, webTimeout, anyUdpSource, clock);
    }

    /** The same with another pace of the server in this process. */
    public StrangerConfig withHandshakesPerSecond(int value) {
        return new StrangerConfig(
                decoy, orPort, maxStrangers, maxPerAddress, maxMarkers, value, webTimeout, anyUdpSource, clock);
    }

    /** The same with another patience of the server in this process. */
    public StrangerConfig withWebTimeout(Duration value) {
        return new StrangerConfig(
                decoy,
                orPort,
                maxStrangers,
                maxPerAddress,
                maxMarkers,
                handshakesPerSecond,
                value,
                anyUdpSource,
                clock);
    }

    /** The same, with µTP for anybody or for clients only. */
    public StrangerConfig withAnyUdpSource(boolean value) {
        return new StrangerConfig(
                decoy, orPort, maxStrangers, maxPerAddress, maxMarkers, handshakesPerSecond, webTimeout, value, clock);
    }

    /** The same with another clock. */
    public StrangerConfig withClock(InstantSource value) {
        return new StrangerConfig(
                decoy,
                orPort,
                maxStrangers,
                maxPerAddress,
                maxMarkers,
                handshakesPerSecond,
                webTimeout,
                anyUdpSource,
                value);
    }
}
