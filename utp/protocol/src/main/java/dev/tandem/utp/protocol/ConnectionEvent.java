package dev.tandem.utp.protocol;

/** Something that the owner of an {@link Endpoint} has to know; see {@link Endpoint#pollEvent()}. */
public record ConnectionEvent(Connection connection, Kind kind) {

    /** What happened. */
    public enum Kind {
        /**
         * A peer dialled us, got our answer, and said so: a SYN with a forged address never comes to this. The connection can
         * be used at once, or {@linkplain Connection#reset() reset} to refuse it.
         */
        INCOMING,
        /** A connection made by {@link Endpoint#connect} is established. */
        CONNECTED,
        /**
         * {@link Connection#read} has something: bytes, or the end of the stream. Reported once, and again when something
         * comes after a read that left no bytes; the end may already be there behind them ({@link Connection#isReadable}).
         */
        READABLE,
        /** {@link Connection#write} took less than it was offered earlier, and would take more now. */
        WRITABLE,
        /** The connection ended; {@link Connection#closeReason()} tells why. Bytes already received can still be read. */
        CLOSED
    }
}
