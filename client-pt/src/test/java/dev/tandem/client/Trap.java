package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.channels.ServerSocketChannel;

/** An address where nobody should come, by TCP or by UDP. */
public final class Trap implements AutoCloseable {
    private static final int TRIES = 16;

    private final ServerSocketChannel tcp;
    private final DatagramSocket udp;
    public final InetSocketAddress address;

    public Trap() throws IOException {
        ServerSocketChannel listening = listen();
        DatagramSocket receiving = null;
        for (int i = 1; receiving == null; i++) {
            try {
                receiving = new DatagramSocket(listening.getLocalAddress());
            } catch (BindException e) {
                // What is free for TCP may be taken for UDP.
                listening.close();
                if (i == TRIES) {
                    throw e;
                }
                listening = listen();
            }
        }
        tcp = listening;
        udp = receiving;
        address = (InetSocketAddress) listening.getLocalAddress();
    }

    private static ServerSocketChannel listen() throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        channel.configureBlocking(false);
        return channel;
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
