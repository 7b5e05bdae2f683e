package dev.tandem.utp.paired;

/** The two connections under a session ({@code LINK.md}, section 1). */
public enum CarrierKind {
    /** TLS 1.3 over TCP. */
    TLS("tls"),
    /** µTP, its records sealed with keys exported from the TLS session. */
    UTP("utp");

    private final String text;

    CarrierKind(String text) {
        this.text = text;
    }

    /** The word used in options, counters and logs: {@code tls} or {@code utp}. */
    @Override
    public String toString() {
        return text;
    }
}
