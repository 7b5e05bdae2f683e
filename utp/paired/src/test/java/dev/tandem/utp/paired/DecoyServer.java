package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A decoy that does what the test says. */
final class DecoyServer implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();

    DecoyServer() throws IOException {
        Thread acceptor = new Thread(
                () -> {
                    try {
                        while (true) {
                            Socket socket = listening.accept();
                            socket.setSoTimeout(PATIENCE_MILLIS);
                            accepted.add(socket);
                        }
                    } catch (IOException e) {
                        // The test is over.
                    }
                },
                "decoy");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    /** The next connection to it. */
    Socket next() throws InterruptedException {
        Socket socket = accepted.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        assertNotNull(socket, "nobody came to the decoy");
        return socket;
    }

    /** Whether all that came was taken by {@link #next}. */
    boolean nobodyCame() {
        return accepted.isEmpty();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : accepted) {
            socket.close();
        }
    }
}
