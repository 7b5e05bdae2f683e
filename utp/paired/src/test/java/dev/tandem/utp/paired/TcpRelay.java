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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Passes TCP connections on to one server, resets them, or swallows all they say: a network that fails when told to. */
final class TcpRelay implements AutoCloseable {
    /** Where the next connection goes. */
    volatile InetSocketAddress target;
    /** Nothing is passed on towards the server until this is false again. */
    volatile boolean held;
    /** New connections are reset at once. */
    volatile boolean refusing;

    final AtomicInteger accepted = new AtomicInteger();
    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Pipe> pipes = new CopyOnWriteArrayList<>();

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
                } else {
                    pipes.add(new Pipe(near, new Socket(target.getAddress(), target.getPort()), () -> held));
                }
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
        pipes.forEach(pipe -> pipe.silent = true);
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    private static final class Pipe {
        final Socket near;
        final Socket far;
        final BooleanSupplier held;
        volatile boolean silent;

        Pipe(Socket near, Socket far, BooleanSupplier held) {
            this.near = near;
            this.far = far;
            this.held = held;
            start(() -> pass(near, far));
            start(() -> pass(far, near));
        }

        private void pass(Socket from, Socket to) {
            byte[] buffer = new byte[16 * 1024];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    while (from == near && held.getAsBoolean()) {
                        LockSupport.parkNanos(1_000_000);
                    }
                    if (!silent) {
                        out.write(buffer, 0, n);
                    }
                }
                if (!silent) {
                    to.shutdownOutput();
                }
            } catch (IOException e) {
                if (!silent) {
                    reset();
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
        resetAll();
    }
}
