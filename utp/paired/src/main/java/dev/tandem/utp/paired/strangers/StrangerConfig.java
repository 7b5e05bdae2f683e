package dev.tandem.utp.paired.strangers;

import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * How a server deals with those who are no clients of its own. Immutable.
 *
 * @param decoy where strangers are connected to; null for a small server in this process
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
        @Nullable Decoy decoy,
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
            null, 1_024, UNBOUNDED, 65_536, 50, Duration.ofSeconds(60), false, InstantSource.system());

    /**
     * Strangers are tor's peers, and a busy relay has thousands of them, which stay; an idle one takes 3 KB of heap. One address may have as many as tor itself allows by
     * default (DoSConnectionMaxConcurrentCount), which may see them all come from one place.
     */
    private static final int OR_PORT_STRANGERS = 8_192;

    private static final int OR_PORT_STRANGERS_PER_ADDRESS = 100;

    /** @throws IllegalArgumentException if a bound is below 1 */
    public StrangerConfig {
        if (Math.min(Math.min(maxStrangers, maxPerAddress), Math.min(maxMarkers, handshakesPerSecond)) < 1) {
            throw new IllegalArgumentException("a bound must be 1 or more");
        }
    }

    /** Whether strangers are tor's peers. */
    public boolean orPort() {
        return decoy != null && decoy.orPort();
    }

    /** The same with another decoy, null for the server in this process; before tor's ORPort also with bounds that fit its peers: 8,192 of them, 100 from one address. */
    public StrangerConfig withDecoy(@Nullable Decoy value) {
        boolean peers = value != null && value.orPort();
        return new StrangerConfig(
                value,
                peers ? OR_PORT_STRANGERS : maxStrangers,
                peers ? OR_PORT_STRANGERS_PER_ADDRESS : maxPerAddress,
                maxMarkers,
                handshakesPerSecond,
                webTimeout,
                anyUdpSource,
                clock);
    }

    /** The same with other bounds. */
    public StrangerConfig withBounds(int strangers, int markers) {
        return new StrangerConfig(
                decoy, strangers, maxPerAddress, markers, handshakesPerSecond, webTimeout, anyUdpSource, clock);
    }

    /** The same with another bound on the strangers from one address. */
    public StrangerConfig withMaxPerAddress(int value) {
        return new StrangerConfig(
                decoy, maxStrangers, value, maxMarkers, handshakesPerSecond, webTimeout, anyUdpSource, clock);
    }

    /** The same with another pace of the server in this process. */
    public StrangerConfig withHandshakesPerSecond(int value) {
        return new StrangerConfig(
                decoy, maxStrangers, maxPerAddress, maxMarkers, value, webTimeout, anyUdpSource, clock);
    }

    /** The same with another patience of the server in this process. */
    public StrangerConfig withWebTimeout(Duration value) {
        return new StrangerConfig(
                decoy, maxStrangers, maxPerAddress, maxMarkers, handshakesPerSecond, value, anyUdpSource, clock);
    }

    /** The same, with µTP for anybody or for clients only. */
    public StrangerConfig withAnyUdpSource(boolean value) {
        return new StrangerConfig(
                decoy, maxStrangers, maxPerAddress, maxMarkers, handshakesPerSecond, webTimeout, value, clock);
    }

    /** The same with another clock. */
    public StrangerConfig withClock(InstantSource value) {
        return new StrangerConfig(
                decoy, maxStrangers, maxPerAddress, maxMarkers, handshakesPerSecond, webTimeout, anyUdpSource, value);
    }
}
