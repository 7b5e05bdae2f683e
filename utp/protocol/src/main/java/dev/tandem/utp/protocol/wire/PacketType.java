package dev.tandem.utp.protocol.wire;

import org.jspecify.annotations.Nullable;

/** The type of a packet (BEP 29, "type"). */
public enum PacketType {
    /** Payload. */
    DATA(0),
    /** The last packet of one direction; it has a sequence number and no payload. */
    FIN(1),
    /** An acknowledgement without payload; it uses no sequence number. */
    STATE(2),
    /** Ends the connection at once. */
    RESET(3),
    /** Begins a connection. */
    SYN(4);

    private static final PacketType[] BY_VALUE = {DATA, FIN, STATE, RESET, SYN};

    private final int value;

    PacketType(int value) {
        this.value = value;
    }

    /** The type with this value on the wire, or null if there is none. */
    static @Nullable PacketType ofValue(int value) {
        return value < BY_VALUE.length ? BY_VALUE[value] : null;
    }

    /** The value on the wire, 0 to 4. */
    int value() {
        return value;
    }
}
