package dev.tandem.utp.paired.session;

import java.io.Serial;

/** A peer sent what the format or the rules of the session do not allow: the end of the carrier that it came on. */
public final class MalformedFrameException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    /** The message is a single line of constant text and numbers. */
    public MalformedFrameException(String message) {
        // The stack says nothing that the message does not, and a hostile peer shall not make us walk it.
        super(message, null, false, false);
    }
}
