package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.utp.paired.CloseReason;

/** What it means that a session ended while it was looked at. */
final class SessionEnd {
    private SessionEnd() {}

    /** Explains it; the detail is the session's own. */
    static Finding explain(CloseReason reason, String detail) {
        return switch (reason) {
            case NOT_ADMITTED ->
                Finding.fail(
                        "proof: the bridge does not accept it",
                        "It has closed TLS in place of an answer: the secret in cert= is not its own. Ask the operator for the line in"
                                + " pt_state/utp_bridgeline.txt.");
            case OVERLOADED ->
                Finding.fail(
                        "proof: accepted, but the bridge is full",
                        "It has as many sessions as it may, in total or from this address. Try later; its operator can give it more by"
                                + " max-sessions=, max-sessions-per-address= and max-memory-mib=.");
            case ADMISSION_TIMEOUT, BAD_ANSWER ->
                Finding.fail(
                        "proof: " + reason.text(),
                        "The bridge is overloaded, the connection broke, or it is of another version.");
            case RESET_BY_PEER ->
                Finding.fail(
                        "session: " + detail,
                        "The link works; what is behind it on the bridge does not. If it cannot be reached: is tor's ORPort or ExtORPort"
                                + " up there, or what --forward names?");
            case FINISHED -> Finding.note("session: ended by what the bridge forwards to, in order");
            default -> Finding.fail("session: " + detail, "It was up, and did not last while it was looked at.");
        };
    }
}
