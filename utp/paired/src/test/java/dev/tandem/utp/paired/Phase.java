package dev.tandem.utp.paired;

/** What a session is at when a fault strikes, known by what has passed. In order. */
enum Phase {
    /** TCP is open, and nothing has passed. */
    CONNECT,
    /** The server's answer to the ClientHello is about to pass. */
    HANDSHAKE,
    /** The client's next flight, with its Finished and HELLO, is about to pass. */
    PROOF,
    /** The identifier is about to pass on µTP. */
    PAIRING,
    /** A third of what the client sends has come. */
    UP,
    /** A third of what the server sends has come. */
    DOWN,
    /** The same, and the client sends as well. */
    BOTH,
    /** Both have read all there was, and each has more to write when the fault has struck. */
    IDLE,
    /** All has come but the client's END, which is about to be written. */
    CLOSE;

    /** Whether the session is known to both sides. */
    boolean isEstablished() {
        return compareTo(UP) >= 0;
    }

    /** Whether bytes are under way for certain when the fault strikes, since it strikes among them. */
    boolean isTransfer() {
        return this == UP || this == DOWN || this == BOTH;
    }

    boolean clientWrites() {
        return this != DOWN;
    }

    boolean serverWrites() {
        return this != UP;
    }
}
