package dev.tandem.utp.paired;

import java.net.InetSocketAddress;

/** What a {@link LinkServer} tells its owner, on its event loop. */
public interface SessionAcceptor {
    /**
     * A client proved that it knows the bridge's secret. The session is paused; its first bytes may be there already.
     *
     * @return who hears of the session from now on
     */
    SessionListener accepted(Session session);

    /** A connection was turned away before it became a session. The address is not for logs unless scrubbed. */
    default void refused(Refusal refusal, InetSocketAddress from) {}

    /**
     * The decoy cannot be reached; strangers meet a server in this process instead, or, where it is tor's ORPort, a reset. Told at most
     * once a minute.
     *
     * @param times since it was told last
     */
    default void decoyUnreachable(long times) {}

    /**
     * TCP connections cannot be accepted: the process has used up its descriptors. They wait until it has some again. Told at most
     * once a minute.
     *
     * @param times since it was told last
     */
    default void acceptFailed(long times) {}

    /** Why a connection did not become a session, or a µTP connection part of one. */
    enum Refusal {
        /** A TCP connection without the marker of a client. It was given to the decoy. */
        STRANGER("a stranger, given to the decoy"),
        /** A TCP connection whose marker had come before. It was given to the decoy. */
        REPLAY("a client's marker used again, given to the decoy"),
        /** A stranger beyond the bound on them. */
        TOO_MANY_STRANGERS("too many strangers"),
        /** A client by its marker, but the TLS handshake failed. */
        NOT_TLS("not a TLS 1.3 client"),
        /** TLS was not complete in time. */
        TLS_TIMEOUT("TLS handshake not complete in time"),
        /** TLS was complete, but no proof came in time. */
        PROOF_TIMEOUT("no proof of the bridge's secret in time"),
        /** The first message was not a HELLO of a version that we speak. */
        BAD_HELLO("not a client of this transport"),
        /** The proof was made with another secret, or for another TLS session. */
        WRONG_PROOF("wrong proof of the bridge's secret"),
        /** A RESUME of a session that is over, or was never here, or is another's. */
        UNKNOWN_SESSION("resumption of a session that is not here"),
        /** A RESUME that is older than one that came before. */
        STALE_RESUME("resumption that came too late"),
        /** The connection ended before the proof was complete. */
        GONE("gone before the proof was complete"),
        /** A bound on half-open connections or sessions was hit. */
        TOO_MANY("too many connections"),
        /** A client wanted to measure, so soon after another measurement. */
        MEASURED_JUST_NOW("a measurement too soon after another"),
        /** A µTP connection whose 48 bytes never matched a session, or never came, until the deadline. */
        UTP_UNMATCHED("µTP connection without a session"),
        /** The oldest unmatched µTP connection, displaced by a newer one at a bound. */
        UTP_DISPLACED("too many µTP connections without a session");

        private final String text;

        Refusal(String text) {
            this.text = text;
        }

        /** Single-line text for a log. */
        public String text() {
            return text;
        }
    }
}
