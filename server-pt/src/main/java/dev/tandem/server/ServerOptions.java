package dev.tandem.server;

import dev.tandem.metrics.MetricsAddress;
import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.NumberOption;
import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.ServerLimits;
import dev.tandem.utp.paired.strangers.Decoy;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ServerTransportOptions utp} says.
 *
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} (UDP is not listened on) or {@code utp}
 * @param congestion {@code cc=}: congestion control of what we send on µTP, {@code bbr} (the default), {@code cubic}, {@code ledbat} or
 *     {@code ledbat++}
 * @param decoy {@code decoy=}: the TLS server that strangers meet; null for one in this process, or for tor
 * @param decoyIsOrPort {@code decoy=orport}: strangers meet tor's ORPort
 * @param anyUdpSource {@code udp-source=}: {@code client} (the default), µTP for addresses with a client's TCP connection
 *     only, or {@code any}
 * @param metrics {@code metrics=}: where metrics are shown; null for nowhere
 * @param bounds the bounds that are not the default's
 */
record ServerOptions(
        CarrierPolicy carrier,
        CongestionControl congestion,
        @Nullable HostPort decoy,
        boolean decoyIsOrPort,
        boolean anyUdpSource,
        @Nullable MetricsAddress metrics,
        Map<Bound, Integer> bounds) {
    /** The options that are no number. */
    enum Word {
        CARRIER("carrier"),
        CC("cc"),
        DECOY("decoy"),
        METRICS("metrics"),
        UDP_SOURCE("udp-source");

        private final String key;

        Word(String key) {
            this.key = key;
        }

        private static @Nullable Word ofKey(String key) {
            for (Word word : values()) {
                if (word.key.equals(key)) {
                    return word;
                }
            }
            return null;
        }
    }

    /** The options that are a number. */
    enum Bound {
        MAX_SESSIONS("max-sessions", 1, 1_000_000),
        MAX_SESSIONS_PER_ADDRESS("max-sessions-per-address", 1, 1_000_000),
        MAX_HALF_OPEN("max-half-open", 1, 1_000_000),
        MAX_HALF_OPEN_PER_ADDRESS("max-half-open-per-address", 1, 1_000_000),
        MAX_HANDSHAKES_PER_SECOND("max-handshakes-per-second", 1, 1_000_000),
        MAX_HALF_OPEN_UTP("max-half-open-utp", 1, 65_536),
        MAX_UNMATCHED_UTP("max-unmatched-utp", 1, 65_536),
        /** Sessions without a carrier. */
        MAX_DETACHED("max-detached", 1, 1_000_000),
        /** How long each of them waits for its client. */
        DETACHED_SECONDS("detached-seconds", 1, 3_600),
        /** In each direction. */
        MAX_SESSION_BYTES("max-session-bytes", LinkConfig.MIN_WINDOW, 256 << 20),
        /** Of the heap, for all sessions together, in MiB. */
        MAX_MEMORY_MIB("max-memory-mib", 1, 1 << 20),
        /** Of those who are no clients, or not known to be. */
        MAX_STRANGERS("max-strangers", 1, 1_000_000),
        MAX_STRANGERS_PER_ADDRESS("max-strangers-per-address", 1, 1_000_000),
        /** By the server in this process. */
        MAX_STRANGER_HANDSHAKES_PER_SECOND("max-stranger-handshakes-per-second", 1, 1_000_000),
        MAX_LOG_LINES_PER_SECOND("max-log-lines-per-second", 1, 1_000_000),
        /** In bytes of UDP payload. */
        MTU(NumberOption.MTU),
        /** How long a session may be without a byte, in seconds. */
        IDLE(NumberOption.IDLE);

        private final String key;
        private final int least;
        private final int most;

        Bound(String key, int least, int most) {
            this.key = key;
            this.least = least;
            this.most = most;
        }

        Bound(NumberOption option) {
            this(option.key(), option.least(), option.most());
        }

        private static @Nullable Bound ofKey(String key) {
            for (Bound bound : values()) {
                if (bound.key.equals(key)) {
                    return bound;
                }
            }
            return null;
        }

        private int parse(String value) {
            return NumberOption.parse(key, least, most, value);
        }
    }

    private static final String OR_PORT = "orport";

    /**
     * Reads them.
     *
     * @param where where they stand, for errors
     * @throws PtParseException with one line that names the option and says what it takes
     */
    static ServerOptions parse(String where, TransportArgs options) throws PtParseException {
        Set<String> seen = new HashSet<>();
        CarrierPolicy carrier = CarrierPolicy.AUTO;
        CongestionControl congestion = CongestionControl.BBR;
        Map<Bound, Integer> bounds = new EnumMap<>(Bound.class);
        HostPort decoy = null;
        boolean decoyIsOrPort = false;
        boolean anyUdpSource = false;
        MetricsAddress metrics = null;
        for (TransportArgs.Arg option : options.entries()) {
            if (!seen.add(option.key())) {
                throw new PtParseException(where + ": " + option.key() + "= is there twice");
            }
            Bound bound = Bound.ofKey(option.key());
            Word word = Word.ofKey(option.key());
            try {
                if (bound != null) {
                    bounds.put(bound, bound.parse(option.value()));
                    continue;
                }
                if (word == null) {
                    throw new PtParseException(
                            "unknown option " + option.key() + "=; this transport takes " + String.join(", ", keys()));
                }
                switch (word) {
                    case CARRIER -> carrier = CarrierPolicy.parse(option.value());
                    case CC -> congestion = CongestionControl.parse("cc=", option.value());
                    case DECOY -> {
                        decoyIsOrPort = option.value().equals(OR_PORT);
                        decoy = decoyIsOrPort ? null : decoyAt("decoy=", option.value());
                    }
                    case METRICS -> metrics = metricsAt("metrics=", option.value());
                    case UDP_SOURCE -> anyUdpSource = anyUdpSource("udp-source=", option.value());
                }
            } catch (IllegalArgumentException | PtParseException e) {
                throw new PtParseException(where + ": " + e.getMessage());
            }
        }
        return new ServerOptions(carrier, congestion, decoy, decoyIsOrPort, anyUdpSource, metrics, bounds);
    }

    /**
     * Where metrics are shown: where another option says, or else these.
     *
     * @throws ExitException with one line that names the option and says what it takes
     */
    @Nullable
    MetricsAddress metricsOr(String option, @Nullable String value) throws ExitException {
        try {
            return value == null ? metrics : metricsAt(option, value);
        } catch (PtParseException e) {
            throw new ExitException(ExitCode.USAGE, e);
        }
    }

    /**
     * Reads where metrics are to be shown. Not in the class of a command: there all methods are looked at, those of lambdas too, and their types
     * loaded.
     *
     * @throws PtParseException with one line that names the option and says what it takes
     */
    private static MetricsAddress metricsAt(String option, String value) throws PtParseException {
        try {
            return MetricsAddress.parse(option, value);
        } catch (IllegalArgumentException e) {
            throw new PtParseException(String.valueOf(e.getMessage()));
        }
    }

    private static HostPort decoyAt(String option, String value) throws PtParseException {
        try {
            return HostPort.parse(option, value);
        } catch (PtParseException e) {
            throw new PtParseException(e.getMessage() + "; or " + OR_PORT);
        }
    }

    /** The names of all, each with {@code =}. */
    static List<String> keys() {
        List<String> keys = new ArrayList<>();
        for (Word word : Word.values()) {
            keys.add(word.key + "=");
        }
        for (Bound bound : Bound.values()) {
            keys.add(bound.key + "=");
        }
        return keys;
    }

    private static boolean anyUdpSource(String option, String value) throws PtParseException {
        return switch (value) {
            case "client" -> false;
            case "any" -> true;
            default -> throw new PtParseException(option + " takes client or any");
        };
    }

    /**
     * The configuration with what the options change.
     *
     * @param tor where strangers meet it; null if there is none
     * @throws IOException if the decoy's name does not resolve, or it is to be tor and there is none, with a single line
     */
    LinkConfig applyTo(LinkConfig config, @Nullable Decoy tor) throws IOException {
        ServerLimits limits = config.limits();
        ServerLimits changed = limits.withHalfOpen(
                        or(Bound.MAX_HALF_OPEN, limits.halfOpen()),
                        or(Bound.MAX_HALF_OPEN_PER_ADDRESS, limits.halfOpenPerAddress()))
                .withHandshakesPerSecond(or(Bound.MAX_HANDSHAKES_PER_SECOND, limits.handshakesPerSecond()))
                .withSessions(
                        or(Bound.MAX_SESSIONS, limits.sessions()),
                        or(Bound.MAX_SESSIONS_PER_ADDRESS, limits.sessionsPerAddress()))
                .withUtp(
                        or(Bound.MAX_HALF_OPEN_UTP, limits.halfOpenUtp()),
                        or(Bound.MAX_UNMATCHED_UTP, limits.unmatchedUtp()),
                        limits.unmatchedUtpBytes())
                .withDetached(or(Bound.MAX_DETACHED, limits.detached()), limits.detachedBytes())
                .withMemory(memoryBytes(limits));
        StrangerConfig strangers = metBy(config.strangers(), tor);
        return config.withPolicy(carrier)
                .withCongestionControl(congestion)
                .withLimits(changed)
                .withStrangers(strangers
                        .withAnyUdpSource(anyUdpSource)
                        .withMaxPerAddress(or(Bound.MAX_STRANGERS_PER_ADDRESS, strangers.maxPerAddress()))
                        .withBounds(or(Bound.MAX_STRANGERS, strangers.maxStrangers()), strangers.maxMarkers())
                        .withHandshakesPerSecond(
                                or(Bound.MAX_STRANGER_HANDSHAKES_PER_SECOND, strangers.handshakesPerSecond())))
                .withDetachedTimeout(Duration.ofSeconds(or(
                        Bound.DETACHED_SECONDS, (int) config.detachedTimeout().toSeconds())))
                .withMaxDatagramBytes(or(Bound.MTU, config.utp().maxDatagramBytes()))
                .withIdleTimeout(Duration.ofSeconds(
                        or(Bound.IDLE, (int) config.idleTimeout().toSeconds())))
                .withBuffers(
                        or(Bound.MAX_SESSION_BYTES, config.retainBytes()),
                        or(Bound.MAX_SESSION_BYTES, config.receiveBytes()));
    }

    private StrangerConfig metBy(StrangerConfig strangers, @Nullable Decoy tor) throws IOException {
        if (!decoyIsOrPort) {
            return strangers.withDecoy(decoy == null ? null : Decoy.server(decoy.resolve()));
        }
        if (tor == null) {
            throw new IOException("decoy=" + OR_PORT
                    + ": there is no tor that has named its ORPort; decoy=HOST:PORT names any server");
        }
        return strangers.withDecoy(tor);
    }

    int logLinesPerSecond() {
        return or(Bound.MAX_LOG_LINES_PER_SECOND, ProxyLog.DEFAULT_LINES_PER_SECOND);
    }

    private long memoryBytes(ServerLimits limits) {
        Integer mib = bounds.get(Bound.MAX_MEMORY_MIB);
        return mib == null ? limits.memoryBytes() : (long) mib << 20;
    }

    private int or(Bound bound, int standard) {
        return bounds.getOrDefault(bound, standard);
    }
}
