package dev.tandem.utp.protocol;

/** Why a connection is no more. The set is closed: a connection ends for exactly one of these. */
public enum CloseReason {
    /** Both directions ended with FIN and ours was acknowledged. */
    FINISHED("finished"),
    /** The peer answered our SYN with RESET: nobody listens there, or it does not want us. */
    REFUSED("connection refused"),
    /** Nothing answered our SYN, or the peer that sent us a SYN was never heard of again. */
    CONNECT_TIMEOUT("connection timed out during the handshake"),
    /** The peer sent RESET. */
    RESET_BY_PEER("connection reset by peer"),
    /** {@link Connection#reset()} was called here. */
    RESET_LOCALLY("connection reset"),
    /** Data was outstanding and the peer acknowledged nothing for {@link ConnectionConfig#giveUpNanos()}. */
    TIMED_OUT("connection timed out");

    private final String description;

    CloseReason(String description) {
        this.description = description;
    }

    /** A phrase for an error message, without addresses. */
    public String description() {
        return description;
    }
}
