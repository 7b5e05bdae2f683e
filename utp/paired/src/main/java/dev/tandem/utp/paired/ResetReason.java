package dev.tandem.utp.paired;

/** Why one side resets a session: the code of a RESET frame ({@code LINK.md}, section 6). */
public enum ResetReason {
    /** No reason given, or a code that this version does not know. */
    UNSPECIFIED(0, "no reason given"),
    /** The connection that the session was relayed to or from broke. */
    USER_CLOSED(1, "the connection behind it broke"),
    /** The server could not connect to what it forwards to. */
    UPSTREAM_UNREACHABLE(2, "what the bridge forwards to cannot be reached"),
    /** The peer broke the rules of the session, beyond what ending a carrier mends. */
    PROTOCOL_VIOLATION(3, "protocol violation"),
    /** A bound on memory or number was hit. */
    OVERLOADED(4, "overloaded"),
    /** The program is stopping. */
    SHUTTING_DOWN(5, "shutting down"),
    /** The policy allows only a carrier that is not to be had. */
    CARRIER_UNAVAILABLE(6, "the only carrier allowed is not to be had"),
    /** No bytes went either way for as long as the sender waits. */
    IDLE(7, "idle for too long");

    private final int code;
    private final String text;

    ResetReason(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** The reason of a code on the wire; {@link #UNSPECIFIED} for one that is not known. */
    public static ResetReason ofCode(int code) {
        for (ResetReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        return UNSPECIFIED;
    }

    /** The code on the wire, 16 bits. */
    public int code() {
        return code;
    }

    /** Single-line text for a log. */
    public String text() {
        return text;
    }
}
