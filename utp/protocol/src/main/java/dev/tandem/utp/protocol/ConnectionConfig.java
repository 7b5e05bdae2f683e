package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.congestion.CongestionController;
import dev.tandem.utp.protocol.congestion.Ledbat;
import dev.tandem.utp.protocol.trace.ConnectionTrace;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a connection is made with; immutable.
 *
 * @param sendBufferBytes most bytes written and not yet acknowledged in order, 4 KiB to 256 MiB
 * @param receiveBufferBytes most bytes received and not yet read: the largest window that we advertise, 4 KiB to 256 MiB
 * @param maxDatagramBytes most bytes of UDP payload in one packet, 576 to 65,000; 0: what the
 *     path is found to take, 1232 to 1472; or, where the endpoint does not set DF, 1402 over IPv4 and 1232 over IPv6
 * @param connectTimeoutNanos how long a handshake may take, both for the one who dials and for the one who answers
 * @param giveUpNanos how long data may be outstanding without any progress before the connection is given up
 * @param keepAliveNanos after how long a silence to repeat an acknowledgement, which keeps a NAT's mapping; 0: never
 * @param congestionController makes the controller of each connection
 * @param trace makes what hears of each event of a connection
 */
public record ConnectionConfig(
        int sendBufferBytes,
        int receiveBufferBytes,
        int maxDatagramBytes,
        long connectTimeoutNanos,
        long giveUpNanos,
        long keepAliveNanos,
        CongestionController.Factory congestionController,
        ConnectionTrace.Factory trace) {

    /** The smallest buffer of one direction. */
    public static final int MIN_BUFFER_BYTES = 4 << 10;

    /** The largest buffer of one direction. */
    public static final int MAX_BUFFER_BYTES = 256 << 20;

    private static final long SECOND_NANOS = 1_000_000_000L;

    /** The largest window that Wireshark takes for µTP's, unless told otherwise. */
    private static final int DEFAULT_RECEIVE_BUFFER_BYTES = 0x380000;

    /** 4 MiB to send and 3.5 MiB to receive, datagrams of any size that passes, 21 s to connect, 30 s to give up, a keepalive each 29 s, LEDBAT, no trace. */
    public static final ConnectionConfig DEFAULT = new ConnectionConfig(
            4 << 20,
            DEFAULT_RECEIVE_BUFFER_BYTES,
            0,
            21 * SECOND_NANOS,
            30 * SECOND_NANOS,
            29 * SECOND_NANOS,
            Ledbat::new,
            ConnectionTrace.Factory.NONE);

    /** @throws IllegalArgumentException if a value is out of its range */
    public ConnectionConfig {
        requireRange("sendBufferBytes", sendBufferBytes, MIN_BUFFER_BYTES, MAX_BUFFER_BYTES);
        requireRange("receiveBufferBytes", receiveBufferBytes, MIN_BUFFER_BYTES, MAX_BUFFER_BYTES);
        if (maxDatagramBytes != 0) {
            requireRange("maxDatagramBytes", maxDatagramBytes, 576, 65_000);
        }
        requireRange("connectTimeoutNanos", connectTimeoutNanos, 1, Long.MAX_VALUE / 4);
        requireRange("giveUpNanos", giveUpNanos, 1, Long.MAX_VALUE / 4);
        requireRange("keepAliveNanos", keepAliveNanos, 0, Long.MAX_VALUE / 4);
        Objects.requireNonNull(congestionController, "congestionController");
        Objects.requireNonNull(trace, "trace");
    }

    /** The same with another size of the send buffer, in bytes. */
    public ConnectionConfig withSendBufferBytes(int bytes) {
        return with(draft -> draft.sendBufferBytes = bytes);
    }

    /** The same with another size of the receive buffer, in bytes. */
    public ConnectionConfig withReceiveBufferBytes(int bytes) {
        return with(draft -> draft.receiveBufferBytes = bytes);
    }

    /** The same with other datagrams: at most so many bytes of UDP payload, or 0 for the default. */
    public ConnectionConfig withMaxDatagramBytes(int bytes) {
        return with(draft -> draft.maxDatagramBytes = bytes);
    }

    /** The same with another time for the handshake. */
    public ConnectionConfig withConnectTimeoutNanos(long nanos) {
        return with(draft -> draft.connectTimeoutNanos = nanos);
    }

    /** The same with another time without progress after which to give up. */
    public ConnectionConfig withGiveUpNanos(long nanos) {
        return with(draft -> draft.giveUpNanos = nanos);
    }

    /** The same with a keepalive after another time of silence, or 0 for none. */
    public ConnectionConfig withKeepAliveNanos(long nanos) {
        return with(draft -> draft.keepAliveNanos = nanos);
    }

    /** The same with another congestion controller. */
    public ConnectionConfig withCongestionController(CongestionController.Factory factory) {
        return with(draft -> draft.congestionController = factory);
    }

    /** The same with another trace of each connection, or {@link ConnectionTrace.Factory#NONE}. */
    public ConnectionConfig withTrace(ConnectionTrace.Factory factory) {
        return with(draft -> draft.trace = factory);
    }

    private static void requireRange(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " must be " + least + " to " + most + ", not " + value);
        }
    }

    /** The same values, open to a change. */
    private static final class Draft {
        private int sendBufferBytes;
        private int receiveBufferBytes;
        private int maxDatagramBytes;
        private long connectTimeoutNanos;
        private long giveUpNanos;
        private long keepAliveNanos;
        private CongestionController.Factory congestionController;
        private ConnectionTrace.Factory trace;

        Draft(ConnectionConfig from) {
            sendBufferBytes = from.sendBufferBytes;
            receiveBufferBytes = from.receiveBufferBytes;
            maxDatagramBytes = from.maxDatagramBytes;
            connectTimeoutNanos = from.connectTimeoutNanos;
            giveUpNanos = from.giveUpNanos;
            keepAliveNanos = from.keepAliveNanos;
            congestionController = from.congestionController;
            trace = from.trace;
        }
    }

    private ConnectionConfig with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new ConnectionConfig(
                draft.sendBufferBytes,
                draft.receiveBufferBytes,
                draft.maxDatagramBytes,
                draft.connectTimeoutNanos,
                draft.giveUpNanos,
                draft.keepAliveNanos,
                draft.congestionController,
                draft.trace);
    }
}
