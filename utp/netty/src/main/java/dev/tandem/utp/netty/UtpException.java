package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.CloseReason;
import java.io.IOException;
import java.io.Serial;

/** A µTP connection ended otherwise than in order. The message has no address in it. */
public final class UtpException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final CloseReason reason;

    UtpException(CloseReason reason) {
        super(reason.description());
        this.reason = reason;
    }

    /** Why it ended. */
    public CloseReason reason() {
        return reason;
    }
}
