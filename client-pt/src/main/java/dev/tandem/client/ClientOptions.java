package dev.tandem.client;

import dev.tandem.ptspec.NumberOption;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a bridge line, the command line or a configuration file says of how to reach a bridge. Null where nothing was said.
 *
 * @param carrier {@code carrier=}: {@code auto} (the default), {@code tls} or {@code utp}
 * @param congestion {@code cc=}: congestion control of what we send on µTP, {@code bbr} (the default), {@code cubic},
 *     {@code ledbat} or {@code ledbat++}
 * @param mtu {@code mtu=}: UDP payload of our µTP datagrams in bytes, 576 to 65,000; by default what the path is found to take
 * @param idle {@code idle=}: seconds without a byte after which a session ends, 1 to 604,800; by default never
 */
record ClientOptions(
        @Nullable CarrierPolicy carrier,
        @Nullable CongestionControl congestion,
        @Nullable Integer mtu,
        @Nullable Integer idle) {
    static final ClientOptions NONE = new ClientOptions(null, null, null, null);

    /** The names of all, for messages. */
    static final String KEYS = "carrier=, cc=, mtu= and idle=";

    /** All of them. */
    enum Key {
        CARRIER("carrier"),
        CC("cc"),
        MTU(NumberOption.MTU.key()),
        IDLE(NumberOption.IDLE.key());

        private final String text;

        Key(String text) {
            this.text = text;
        }

        /** Null if there is no option of that name. */
        static @Nullable Key of(String text) {
            for (Key key : values()) {
                if (key.text.equals(text)) {
                    return key;
                }
            }
            return null;
        }

        /** As it is written, without {@code =}. */
        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * Reads them.
     *
     * @param where where they stand, for errors
     * @param more what else may stand there, for errors
     * @throws PtParseException with one line that names the option and says what it takes, without the value
     */
    static ClientOptions parse(String where, String more, TransportArgs args) throws PtParseException {
        Set<String> seen = new HashSet<>();
        ClientOptions options = NONE;
        for (TransportArgs.Arg arg : args.entries()) {
            if (!seen.add(arg.key())) {
                throw new PtParseException(where + ": " + arg.key() + "= is there twice");
            }
            Key key = Key.of(arg.key());
            if (key == null) {
                throw new PtParseException(
                        where + ": unknown argument " + arg.key() + "=; this transport takes " + more + KEYS);
            }
            try {
                options = options.with(key, arg.value());
            } catch (IllegalArgumentException e) {
                throw new PtParseException(where + ": " + e.getMessage());
            }
        }
        return options;
    }

    /**
     * These and one more.
     *
     * @throws IllegalArgumentException with one line that names the option and says what it takes
     */
    ClientOptions with(Key key, String value) {
        return switch (key) {
            case CARRIER -> new ClientOptions(CarrierPolicy.parse(value), congestion, mtu, idle);
            case CC -> new ClientOptions(carrier, CongestionControl.parse("cc=", value), mtu, idle);
            case MTU -> new ClientOptions(carrier, congestion, NumberOption.MTU.parse(value), idle);
            case IDLE -> new ClientOptions(carrier, congestion, mtu, NumberOption.IDLE.parse(value));
        };
    }

    /** These, and where they say nothing the others. */
    ClientOptions or(ClientOptions others) {
        return new ClientOptions(
                carrier == null ? others.carrier : carrier,
                congestion == null ? others.congestion : congestion,
                mtu == null ? others.mtu : mtu,
                idle == null ? others.idle : idle);
    }

    /** The carriers that may be used. */
    CarrierPolicy policy() {
        return carrier == null ? CarrierPolicy.AUTO : carrier;
    }

    /** The configuration with what these change. */
    LinkConfig applyTo(LinkConfig config) {
        LinkConfig changed = config.withPolicy(policy());
        if (congestion != null) {
            changed = changed.withCongestionControl(congestion);
        }
        if (mtu != null) {
            changed = changed.withMaxDatagramBytes(mtu);
        }
        return idle == null ? changed : changed.withIdleTimeout(Duration.ofSeconds(idle));
    }
}
