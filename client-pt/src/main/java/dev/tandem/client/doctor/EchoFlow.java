package dev.tandem.client.doctor;

import dev.tandem.utp.paired.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Writes as much as a session takes, for some time, and compares what comes back with it. On the session's event loop. */
final class EchoFlow {
    private static final int CHUNK_BYTES = 16 * 1024;
    /** A prime, so that what is lost or repeated does not fit again by chance. */
    private static final int PERIOD_BYTES = 65_521;

    private final EventLoop loop;
    private final byte[] pattern = new byte[PERIOD_BYTES];
    private final CompletableFuture<Result> result = new CompletableFuture<>();
    private long startNanos;
    private long lastNanos;
    private long sent;
    private long received;
    private boolean stopped;

    EchoFlow(EventLoop loop) {
        this.loop = loop;
        new SplittableRandom(1).nextBytes(pattern);
    }

    /**
     * What came of it.
     *
     * @param bytes that came back
     * @param nanos from the first byte written to the last one that came back
     * @param intact whether they were those that were sent, and all of them
     */
    record Result(long bytes, long nanos, boolean intact) {
        /** In both directions at once. */
        double megabitsPerSecond() {
            return nanos <= 0 ? 0 : bytes * 8e3 / nanos;
        }
    }

    CompletableFuture<Result> result() {
        return result;
    }

    /**
     * Begins.
     *
     * @param sending how long to write
     * @param waiting how long to wait then for what is on its way
     */
    void start(Session session, Duration sending, Duration waiting) {
        startNanos = System.nanoTime();
        lastNanos = startNanos;
        loop.schedule(this::stop, sending.toNanos(), TimeUnit.NANOSECONDS);
        loop.schedule(() -> end(false), sending.plus(waiting).toNanos(), TimeUnit.NANOSECONDS);
        pump(session);
    }

    /** Writes while the session is writable. */
    void pump(Session session) {
        while (!stopped && session.isWritable()) {
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int i = 0; i < chunk.length; i++) {
                chunk[i] = pattern[(int) ((sent + i) % PERIOD_BYTES)];
            }
            // Before it is written: to flush may make the session writable anew, which comes here again.
            sent += chunk.length;
            session.write(Unpooled.wrappedBuffer(chunk));
            session.flush();
        }
    }

    /** Takes over what came. */
    void take(ByteBuf bytes) {
        try {
            boolean same = true;
            for (int i = 0; i < bytes.readableBytes(); i++) {
                same &= bytes.getByte(bytes.readerIndex() + i) == pattern[(int) ((received + i) % PERIOD_BYTES)];
            }
            received += bytes.readableBytes();
            lastNanos = System.nanoTime();
            if (!same || received > sent) {
                stopped = true;
                end(false);
            } else if (stopped && received == sent) {
                end(true);
            }
        } finally {
            bytes.release();
        }
    }

    private void stop() {
        stopped = true;
        if (received == sent) {
            end(true);
        }
    }

    /** Nothing more will come. */
    void end(boolean intact) {
        stopped = true;
        result.complete(new Result(received, lastNanos - startNanos, intact));
    }
}
