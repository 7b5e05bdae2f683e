package dev.tandem.utp.paired;

/** What is counted of the packets of a carrier. */
public enum PathEvent {
    /** Packets sent, of every type and again; µTP only. */
    SENT,
    /** Packets received; µTP only. */
    RECEIVED,
    /** Packets sent again; of TLS, the kernel's count of segments. */
    RETRANSMITTED,
    /** Packets taken for lost; µTP only. */
    LOST,
    /** Retransmission timeouts; µTP only. */
    TIMED_OUT
}
