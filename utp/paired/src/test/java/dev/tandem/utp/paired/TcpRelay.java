package dev.tandem.utp.paired;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Passes TCP connections on to one server, resets them, or swallows all they say: a network that fails when told to. */
final class TcpRelay implements AutoCloseable {
    /** Sees what passes, before it passes, on the thread that passes it: what it does to the relay is done to that already. */
    interface Tap {
        void passing(boolean up, int bytes);
    }

    /** Where the next connection goes. */
    volatile InetSocketAddress target;
    /** Nothing is passed on towards the server until this is false again. */
    volatile boolean held;
    /** New connections are reset at once. */
    volatile boolean refusing;
    /** Where connections to the server seem to come from. */
    volatile InetAddress source = InetAddress.getLoopbackAddress();
    /** Called with each connection, when it is open to both sides and nothing has passed. */
    volatile Runnable onAccepted = () -> {};

    volatile Tap tap = (up, bytes) -> {};

    final AtomicInteger accepted = new AtomicInteger();
    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Pipe> pipes = new CopyOnWriteArrayList<>();
    /** Closed while nothing passes. */
    private volatile CountDownLatch gate = new CountDownLatch(0);

    TcpRelay(InetSocketAddress target) throws IOException {
        this.target = target;
        start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), front.getLocalPort());
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (!front.isClosed()) {
                Socket near = front.accept();
                accepted.incrementAndGet();
                if (refusing) {
                    reset(near);
                    continue;
                }
                InetSocketAddress to = target;
                @Nullable Socket far = null;
                try {
                    far = new Socket(to.getAddress(), to.getPort(), source, 0);
                } catch (IOException e) {
                    reset(near);
                    continue;
                }
                Pipe pipe = new Pipe(near, far);
                pipes.add(pipe);
                onAccepted.run();
                start(() -> pipe.pass(true));
                start(() -> pipe.pass(false));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    /** Ends all connections, towards both sides. */
    void resetAll() {
        pipes.forEach(Pipe::reset);
        pipes.clear();
    }

    /** From now on the connections that exist pass nothing on, and stay open. */
    void silenceAll() {
        silenceAll(true, true);
    }

    /** As {@link #silenceAll()}, towards the server (up), towards the client, or both. */
    void silenceAll(boolean up, boolean down) {
        pipes.forEach(pipe -> pipe.silence(up, down));
    }

    /** Ends all connections in order, towards both sides, as some middleboxes do; what is said on them later is swallowed. */
    void finishAll() {
        pipes.forEach(Pipe::finish);
    }

    /** From now on nothing passes, and nothing is lost: a short outage, as TCP lives through it. */
    void pause() {
        gate = new CountDownLatch(1);
    }

    void unpause() {
        gate.countDown();
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    private final class Pipe {
        final Socket near;
        final Socket far;
        private volatile boolean silentUp;
        private volatile boolean silentDown;

        Pipe(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        private boolean isSilent(boolean up) {
            return up ? silentUp : silentDown;
        }

        void silence(boolean up, boolean down) {
            silentUp |= up;
            silentDown |= down;
        }

        void pass(boolean up) {
            Socket from = up ? near : far;
            Socket to = up ? far : near;
            byte[] buffer = new byte[16 * 1024];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    tap.passing(up, n);
                    gate.await();
                    while (up && held) {
                        LockSupport.parkNanos(1_000_000);
                    }
                    if (!isSilent(up)) {
                        out.write(buffer, 0, n);
                    }
                }
                gate.await();
                if (!isSilent(up)) {
                    to.shutdownOutput();
                }
            } catch (IOException e) {
                if (!isSilent(up)) {
                    reset();
                }
            } catch (InterruptedException e) {
                reset();
            }
        }

        void finish() {
            silence(true, true);
            for (Socket socket : List.of(near, far)) {
                try {
                    socket.shutdownOutput();
                } catch (IOException e) {
                    // It is closed already.
                }
            }
        }

        void reset() {
            TcpRelay.reset(near);
            TcpRelay.reset(far);
        }
    }

    @Override
    public void close() throws IOException {
        front.close();
        unpause();
        resetAll();
    }
}
