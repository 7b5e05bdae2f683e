package dev.tandem.utp.netty;

/**
 * Fired through a {@link UtpChannel}'s pipeline when both directions have ended in order and the peer has acknowledged ours:
 * nothing that was written can be lost any more. With TCP the kernel keeps this to itself.
 */
public enum UtpFinishedEvent {
    /** The only one. */
    INSTANCE
}
