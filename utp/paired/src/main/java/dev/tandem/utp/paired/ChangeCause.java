package dev.tandem.utp.paired;

/** Why a session sends on another carrier than before. */
public enum ChangeCause {
    /** The session's first TLS connection is there. */
    TLS_UP("TLS is up"),
    /** A TLS connection that was dialled for an existing session is there. */
    TLS_UP_AGAIN("TLS is up again"),
    /** A µTP connection was paired, and heard. */
    PAIRED("µTP is paired"),
    /** µTP had stalled, and answers. */
    ANSWERED("µTP answers again"),
    /** µTP acknowledged nothing new for too long. */
    STALLED("µTP made no progress"),
    /** A carrier was given up because nothing at all came on it. */
    SILENT("silence"),
    /** A µTP connection was given up because it was not paired in time. */
    UNPAIRED("µTP was not paired in time"),
    /** A carrier ended or broke by itself. */
    CLOSED("the carrier ended"),
    /** A carrier was given up for what came on it. */
    MALFORMED("malformed input"),
    /** The other side gave up µTP. */
    DROPPED("the other side gave up µTP"),
    /** A resumption showed that the other side has not the µTP connection that this side has. */
    MISSING("the other side has no such µTP connection"),
    /** A newer µTP connection took the place of one. */
    REPLACED("replaced by a newer connection");

    private final String text;

    ChangeCause(String text) {
        this.text = text;
    }

    /** Single-line text for a log; no address in it. */
    public String text() {
        return text;
    }
}
