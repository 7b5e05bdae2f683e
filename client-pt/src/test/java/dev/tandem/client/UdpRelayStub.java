package dev.tandem.client;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The relay of a SOCKS5 proxy (RFC 1928, section 7), for one client. Whomever datagrams are for, they go to one bridge, and it answers
 * in that one's name. It mixes in what a client has to drop.
 */
final class UdpRelayStub implements AutoCloseable {
    private static final int HEADER_BYTES = 10;

    private final DatagramSocket near;
    private final DatagramSocket far;
    private volatile @Nullable SocketAddress client;
    private volatile byte[] header = new byte[HEADER_BYTES];

    /** Datagrams taken from the client. */
    final AtomicLong relayed = new AtomicLong();
    /** Of these, with another header than for that address, or larger than what every path takes. */
    final AtomicLong wrong = new AtomicLong();

    UdpRelayStub(InetSocketAddress bridge, InetSocketAddress expected) throws IOException {
        near = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        far = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        byte[] wanted = ByteBuffer.allocate(HEADER_BYTES)
                .putInt(1)
                .put(expected.getAddress().getAddress())
                .putShort((short) expected.getPort())
                .array();
        start(() -> {
            byte[] bytes = new byte[65_535];
            while (true) {
                DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
                near.receive(packet);
                relayed.incrementAndGet();
                byte[] found = Arrays.copyOf(bytes, HEADER_BYTES);
                if (!Arrays.equals(found, wanted) || packet.getLength() > 1_232) {
                    wrong.incrementAndGet();
                }
                header = found;
                client = packet.getSocketAddress();
                far.send(new DatagramPacket(bytes, HEADER_BYTES, packet.getLength() - HEADER_BYTES, bridge));
            }
        });
        start(() -> {
            byte[] bytes = new byte[65_535];
            while (true) {
                DatagramPacket packet = new DatagramPacket(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
                far.receive(packet);
                SocketAddress to = client;
                if (to == null) {
                    continue;
                }
                int length = packet.getLength() + HEADER_BYTES;
                System.arraycopy(header, 0, bytes, 0, HEADER_BYTES);
                // A fragment, another kind of address, another address, a cut header: with the bridge's bytes, which
                // must not come twice.
                for (int place : new int[] {2, 3, 7, 9}) {
                    bytes[place] ^= 3;
                    near.send(new DatagramPacket(bytes, place == 9 ? 9 : length, to));
                    bytes[place] ^= 3;
                }
                near.send(new DatagramPacket(bytes, length, to));
            }
        });
    }

    private interface Loop {
        void run() throws IOException;
    }

    private static void start(Loop loop) {
        Thread thread = new Thread(() -> {
            try {
                loop.run();
            } catch (IOException e) {
                // closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return near.getLocalPort();
    }

    boolean isClosed() {
        return near.isClosed();
    }

    @Override
    public void close() {
        near.close();
        far.close();
    }
}
