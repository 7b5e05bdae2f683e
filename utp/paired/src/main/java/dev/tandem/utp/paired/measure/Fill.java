package dev.tandem.utp.paired.measure;

import dev.tandem.utp.paired.Session;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * Writes blocks as fast as a session takes them, for {@link #MAX_NANOS} or up to {@link #MAX_BYTES}, and then the empty block that
 * ends them. On the session's event loop.
 */
final class Fill {
    /** Most bytes of one direction, with the lengths of the blocks: else tiny ones would be a way around the bound. */
    static final long MAX_BYTES = 16 << 20;
    /** How long they are written at most. */
    static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final int LENGTH_BYTES = 2;
    private static final int BLOCK_BYTES = LENGTH_BYTES + 8 * 1024;
    /** What is written before the loop turns to others. */
    private static final int TURN_BYTES = 128 * 1024;
    /** Sessions copy what is written. */
    private static final byte[] BLOCK = new byte[BLOCK_BYTES];

    static {
        ByteBuffer.wrap(BLOCK).putShort((short) (BLOCK_BYTES - LENGTH_BYTES));
    }

    private final EventLoop loop;
    private final Session session;
    private final Future<?> timer;
    private long written;
    private boolean writing;
    private boolean turning;
    private boolean over;

    /** Begins. */
    Fill(EventLoop loop, Session session) {
        this.loop = loop;
        this.session = session;
        this.timer = loop.schedule(this::finish, MAX_NANOS, TimeUnit.NANOSECONDS);
        write();
    }

    /** The session is writable perhaps. */
    void write() {
        if (writing) {
            // To flush may make it writable, which comes here again.
            return;
        }
        writing = true;
        for (int turn = 0; !over && turn < TURN_BYTES && session.isWritable(); turn += BLOCK_BYTES) {
            written += BLOCK_BYTES;
            session.write(Unpooled.wrappedBuffer(BLOCK));
            session.flush();
            if (written + BLOCK_BYTES + LENGTH_BYTES > MAX_BYTES) {
                finish();
            }
        }
        writing = false;
        if (!over && !turning && session.isWritable()) {
            turning = true;
            loop.execute(() -> {
                turning = false;
                write();
            });
        }
    }

    private void finish() {
        if (!over) {
            stop();
            written += LENGTH_BYTES;
            session.write(Unpooled.buffer(LENGTH_BYTES).writeZero(LENGTH_BYTES));
            session.flush();
        }
    }

    /** Writes nothing more. */
    void stop() {
        over = true;
        timer.cancel(false);
    }

    /** Whether the empty block is written, or nothing will be. */
    boolean isOver() {
        return over;
    }

    /** So far, with the lengths. */
    long writtenBytes() {
        return written;
    }
}
