package dev.tandem.utp.benchmark.simulate;

import io.netty.buffer.ByteBuf;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The tor at the client's end of a session, and who uses it: asks, reads the answer, pauses if he is one to pause, asks again. */
final class TorClient implements SimulatedSession.User {
    /** What a user does. */
    enum Habit {
        /** 50 KiB, then a pause of 1 to 20 s; the first request after some part of such a pause. */
        INTERACTIVE(50 << 10),
        /** 5 MiB, and at once the next. */
        BULK(5 << 20);

        private final int answerCells;

        Habit(int answerBytes) {
            this.answerCells = (answerBytes + CellReader.CELL_DATA_BYTES - 1) / CellReader.CELL_DATA_BYTES;
        }
    }

    /** What is noted of answers. */
    interface Log {
        /** An answer was asked for. */
        void onRequest(long askedNanos);

        /** An answer has come. */
        void onAnswer(long askedNanos, long firstByteNanos, long lastByteNanos);
    }

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long MIN_PAUSE_NANOS = SECOND_NANOS;
    private static final long MAX_PAUSE_NANOS = 20 * SECOND_NANOS;

    private final World world;
    private final Habit habit;
    private final RandomGenerator random;
    private final Log log;
    private final CellReader answers = new CellReader(this::onCell);
    private @Nullable SimulatedSession session;
    private long requests;
    private long cellsMissing;
    private long askedNanos;
    private boolean hasFirstByte;
    private long firstByteNanos;
    private long receivedBytes;

    TorClient(World world, Habit habit, RandomGenerator random, Log log) {
        this.world = world;
        this.habit = habit;
        this.random = random;
        this.log = log;
    }

    Habit habit() {
        return habit;
    }

    /** Begins over this session. */
    void use(SimulatedSession link) {
        session = link;
        if (habit == Habit.BULK) {
            ask();
        } else {
            world.in((long) (random.nextDouble() * pauseNanos()), this::ask);
        }
    }

    /** Bytes of cells that came so far. */
    long receivedBytes() {
        return receivedBytes;
    }

    /** Whole cells that came so far. */
    long cells() {
        return answers.cells();
    }

    /** Cells of all answers that were asked for. */
    long cellsAsked() {
        return requests * habit.answerCells;
    }

    private void ask() {
        SimulatedSession link = Objects.requireNonNull(session);
        askedNanos = world.now();
        hasFirstByte = false;
        cellsMissing = habit.answerCells;
        log.onRequest(askedNanos);
        ByteBuf cell = world.allocator.heapBuffer(CellReader.CELL_BYTES);
        CellReader.write(cell, requests++, habit.answerCells);
        link.write(cell);
        link.flush();
    }

    @Override
    public void onBytes(ByteBuf bytes) {
        if (!hasFirstByte) {
            hasFirstByte = true;
            firstByteNanos = world.now();
        }
        receivedBytes += bytes.readableBytes();
        answers.read(bytes);
    }

    private void onCell(long word) {
        if (--cellsMissing > 0) {
            return;
        }
        log.onAnswer(askedNanos, firstByteNanos, world.now());
        world.in(habit == Habit.BULK ? 0 : pauseNanos(), this::ask);
    }

    private long pauseNanos() {
        return random.nextLong(MIN_PAUSE_NANOS, MAX_PAUSE_NANOS);
    }

    @Override
    public void onWritable() {
        // A request is one cell, and is taken in any case.
    }
}
