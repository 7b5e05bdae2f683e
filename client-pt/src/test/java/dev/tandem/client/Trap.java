package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.channels.ServerSocketChannel;

/** An address where nobody should come, by TCP or by UDP. */
public final class Trap implements AutoCloseable {
    private final ServerSocketChannel tcp = ServerSocketChannel.open();
    private final DatagramSocket udp;
    public final InetSocketAddress address;

    public Trap() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        tcp.bind(new InetSocketAddress(loopback, 0));
        tcp.configureBlocking(false);
        address = (InetSocketAddress) tcp.getLocalAddress();
        udp = new DatagramSocket(address);
    }

    /** Fails if somebody has come. Loopback is quick: what was sent before something else was answered has arrived. */
    public void assertUntouched() throws IOException {
        assertFalse(tcp.accept() != null, "a direct TCP connection");
        udp.setSoTimeout(1);
        assertThrows(
                SocketTimeoutException.class,
                () -> udp.receive(new DatagramPacket(new byte[1], 1)),
                "a direct datagram");
    }

    /** An address of this machine at which nothing listens. */
    public static InetSocketAddress unused() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    @Override
    public void close() throws IOException {
        tcp.close();
        udp.close();
    }
}
