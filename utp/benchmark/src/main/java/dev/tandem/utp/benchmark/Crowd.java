package dev.tandem.utp.benchmark;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;

/**
 * What both ends of the crowd agree on: many connections to one server socket, each with a trickle of cells, beside one with
 * bulk. A connection begins with a byte of the client's that says which it is. Cells carry the moment at which they were due
 * on the machine's monotonic clock, which both processes share.
 */
final class Crowd {
    static final byte CELLS = 'c';
    static final byte BULK = 'b';

    static final int CELL_BYTES = 514;

    /** Of each connection with cells. */
    static final int CELL_BYTES_PER_SECOND = 10_000;

    static final int PIECE_BYTES = 64 << 10;

    static final ConnectionConfig CONFIG =
            ConnectionConfig.DEFAULT.withCongestionController(CongestionControl.BBR.factory());

    private Crowd() {}

    /** Which way cells and bulk go. */
    enum Direction {
        /** From the clients to the server: many sockets send to one. */
        UP,
        /** From the server to the clients: one socket sends all. */
        DOWN;

        static Direction parse(String text) {
            return switch (text) {
                case "up" -> UP;
                case "down" -> DOWN;
                default -> throw new IllegalArgumentException("expected up or down");
            };
        }
    }
}
