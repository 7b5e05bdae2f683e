package dev.tandem.client.doctor;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Sends one µTP SYN (BEP 29) from a socket that is connected: only such a one hears from the kernel that the other machine, or a
 * firewall, refuses (ICMP). µTP's own sockets do not, since whoever can send ICMP could end connections then.
 */
final class UdpQuestion {
    private static final byte SYN_VERSION_1 = 0x41;
    private static final int HEADER_BYTES = 20;

    private UdpQuestion() {}

    /** What came of it. */
    enum Answer {
        /** A datagram came back. */
        ANSWERED,
        /** Port, host or network was said to be unreachable. */
        REFUSED,
        /** Nothing. */
        SILENT,
        /** It could not be sent. */
        NOT_SENT
    }

    /**
     * Asks, and waits on this thread.
     *
     * @param local to send from; null for any
     */
    static Answer ask(@Nullable InetAddress local, InetSocketAddress bridge, Duration patience) {
        boolean sent = false;
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(local, 0))) {
            socket.connect(bridge);
            socket.setSoTimeout((int) patience.toMillis());
            byte[] syn = syn();
            socket.send(new DatagramPacket(syn, syn.length));
            sent = true;
            socket.receive(new DatagramPacket(new byte[HEADER_BYTES], HEADER_BYTES));
            return Answer.ANSWERED;
        } catch (SocketTimeoutException e) {
            return Answer.SILENT;
        } catch (IOException e) {
            return sent ? Answer.REFUSED : Answer.NOT_SENT;
        }
    }

    private static byte[] syn() {
        return ByteBuffer.allocate(HEADER_BYTES)
                .put(SYN_VERSION_1)
                .put((byte) 0) // no extension
                .putShort((short) new SecureRandom().nextInt())
                .putInt((int) (System.nanoTime() / 1_000))
                .putInt(0) // timestamp difference
                .putInt(1 << 20) // window
                .putShort((short) 1) // seq_nr
                .putShort((short) 0) // ack_nr
                .array();
    }
}
