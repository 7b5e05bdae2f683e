package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A session's user that writes a pattern while it may, and checks that it reads the other side's. */
final class PatternUser implements SessionListener {
    private static final int STEP = 16 * 1024;

    final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
    volatile @Nullable String closeDetail;
    final CompletableFuture<Void> ended = new CompletableFuture<>();
    final List<String> changes = new CopyOnWriteArrayList<>();
    final AtomicInteger admissions = new AtomicInteger();
    volatile @Nullable Session session;
    volatile long read;
    /** The longest time between two reads. */
    volatile long maxGapNanos;

    volatile @Nullable String error;

    private final int outSeed;
    private final int inSeed;
    private long toWrite;
    private boolean finish;
    private final List<Runnable> whenRead = new ArrayList<>();
    private final List<Long> whenReadAt = new ArrayList<>();
    private long written;
    private long lastReadNanos;
    private boolean finished;
    private boolean waitsForUtp;

    PatternUser(int outSeed, int inSeed, long toWrite, boolean finish) {
        this.outSeed = outSeed;
        this.inSeed = inSeed;
        this.toWrite = toWrite;
        this.finish = finish;
    }

    static PatternUser client(long toWrite) {
        return new PatternUser(1, 2, toWrite, true);
    }

    static PatternUser server(long toWrite) {
        return new PatternUser(2, 1, toWrite, true);
    }

    /** Runs something on the loop once so much was read. Set before the start. */
    PatternUser when(long bytesRead, Runnable action) {
        whenReadAt.add(bytesRead);
        whenRead.add(action);
        return this;
    }

    /** On the session's loop. */
    void start(Session started, boolean reading) {
        session = started;
        started.autoRead(reading);
        write(started);
    }

    /** Writes so much more, and then the end if it is to. On the session's loop. */
    void writeMore(long bytes, boolean andFinish) {
        toWrite += bytes;
        finish = andFinish;
        Session to = session;
        if (to != null) {
            write(to);
        }
    }

    /** Writes nothing before the session sends on µTP for the first time. */
    PatternUser onUtpOnly() {
        waitsForUtp = true;
        return this;
    }

    private void write(Session to) {
        if (waitsForUtp && to.sendingCarrier() != CarrierKind.UTP) {
            return;
        }
        waitsForUtp = false;
        while (to.isWritable() && written < toWrite) {
            int length = (int) Math.min(STEP, toWrite - written);
            byte[] step = new byte[length];
            for (int i = 0; i < length; i++) {
                step[i] = pattern(outSeed, written + i);
            }
            written += length;
            to.write(ByteBufAllocator.DEFAULT.buffer(length).writeBytes(step));
        }
        if (written == toWrite && finish && !finished) {
            finished = true;
            to.finish();
        }
        to.flush();
    }

    private static byte pattern(int seed, long offset) {
        return (byte) (((offset * 31 + offset / 251 + seed) * 0x9E3779B1L) >>> 24);
    }

    @Override
    public void onAdmitted(Session user) {
        admissions.incrementAndGet();
    }

    @Override
    public void onData(Session from, ByteBuf bytes) {
        long now = System.nanoTime();
        if (read > 0) {
            maxGapNanos = Math.max(maxGapNanos, now - lastReadNanos);
        }
        lastReadNanos = now;
        long at = read;
        // In one piece: the leak detector notes every access.
        byte[] all = new byte[bytes.readableBytes()];
        bytes.readBytes(all);
        for (byte next : all) {
            if (next != pattern(inSeed, at) && error == null) {
                error = "wrong byte at " + at;
            }
            at++;
        }
        read = at;
        bytes.release();
        while (!whenRead.isEmpty() && read >= whenReadAt.get(0)) {
            whenReadAt.remove(0);
            whenRead.remove(0).run();
        }
    }

    @Override
    public void onEnd(Session from) {
        ended.complete(null);
    }

    @Override
    public void onWritabilityChanged(Session from) {
        if (from.isWritable()) {
            write(from);
        }
    }

    @Override
    public void onCarrierChanged(Session from, @Nullable CarrierKind old, @Nullable CarrierKind now, String cause) {
        changes.add(old + " to " + now + ": " + cause);
        if (waitsForUtp && now == CarrierKind.UTP) {
            write(from);
        }
    }

    @Override
    public void onClosed(Session from, CloseReason reason, String detail) {
        closeDetail = detail;
        closed.complete(reason);
    }
}
