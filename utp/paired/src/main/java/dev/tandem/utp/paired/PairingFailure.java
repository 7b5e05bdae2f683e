package dev.tandem.utp.paired;

/** Why a µTP connection did not become a session's carrier. */
public enum PairingFailure {
    /** Client: no µTP connection could be opened; nobody answers, UDP is blocked, or there was no socket to be had. */
    UNANSWERED,
    /** Client: it was not confirmed within the time for pairing. */
    TIMEOUT,
    /** Server: its 48 bytes never matched a session, or never came. */
    UNMATCHED,
    /** Server: it waited for its session, and had to make room for newer ones. */
    DISPLACED
}
