package dev.tandem.utp.paired;

/** Why a session is over. */
public enum CloseReason {
    /** Both directions ended in order, and both ends know it. */
    FINISHED("finished"),
    /** This side called {@link Session#reset}. */
    RESET_LOCALLY("reset on this side"),
    /** The other side sent RESET; {@link Session#peerResetReason} tells why. */
    RESET_BY_PEER("reset by the other side"),
    /** The server ended TLS without answering the proof: the secret in {@code cert=} is not its own. */
    NOT_ADMITTED("the bridge closed the connection instead of accepting the proof of its secret in cert="),
    /** The proof was good, but the server has as many sessions as it may, in total or from this address. */
    OVERLOADED("the bridge has no room for another session now"),
    /** The server answered the proof with something that is not this protocol. */
    BAD_ANSWER("the bridge answered the proof with something else than this protocol"),
    /** The server did not answer the proof in time. */
    ADMISSION_TIMEOUT("the bridge did not answer the proof of its secret in time"),
    /** {@code carrier=utp}, and µTP was not paired in time, or not again. */
    UTP_UNAVAILABLE("carrier=utp, but no µTP connection could be paired in time"),
    /** No carrier was left, bytes or an end were still to come, and the session was not resumed in time. */
    CARRIERS_LOST("both carriers are gone"),
    /** The bridge does not have the session that was to be resumed: it was restarted, or has given it up. */
    SESSION_UNKNOWN("the bridge does not have this session any more"),
    /** TLS was dialled again, and another key than the one in {@code cert=} answered. */
    WRONG_PIN("the server's certificate is not the one that cert= names"),
    /** Server: the session waited without a carrier, and had to make room for others. */
    DISPLACED("too many sessions without a carrier"),
    /** Server: all sessions together held too much, and this one most. */
    OVER_MEMORY("the sessions held too much memory together, and this one most"),
    /** No bytes went either way for the time that {@code idle=} says. */
    IDLE("idle for as long as idle= allows"),
    /** The client or server that owned the session was closed. */
    SHUT_DOWN("shut down");

    private final String text;

    CloseReason(String text) {
        this.text = text;
    }

    /** Single-line text for a log; no address in it. */
    public String text() {
        return text;
    }
}
