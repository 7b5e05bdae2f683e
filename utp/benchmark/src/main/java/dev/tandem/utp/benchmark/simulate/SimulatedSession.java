package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.SessionStats;
import dev.tandem.utp.paired.session.MemoryBudget;
import dev.tandem.utp.paired.session.SessionCore;
import dev.tandem.utp.paired.session.SessionHost;
import dev.tandem.utp.paired.session.SessionParameters;
import dev.tandem.utp.protocol.Connection;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One end of a session on the simulation: the session's own core, its clock and timer, and the set-up of its carriers as in
 * {@code LINK.md}, with handshakes of the right length and number of round trips that hold nothing.
 */
final class SimulatedSession implements SessionHost {
    /** Who reads and writes the session. */
    interface User {
        /** Bytes came in order; the buffer stays the session's. */
        void onBytes(ByteBuf bytes);

        /** The session takes more again. */
        void onWritable();
    }

    /** A client's way to the bridge. */
    interface Dialer {
        /** The endpoint that dials, and a new connection on it. */
        SimulatedEndpoint endpoint();

        Connection dial(CarrierKind kind);
    }

    /** What our TLS handshakes take on the wire: ClientHello; all from ServerHello to Finished, with one certificate. */
    private static final int CLIENT_HELLO_BYTES = 320;

    private static final int SERVER_FLIGHT_BYTES = 1_100;

    private static final int PAIRING_ID_BYTES = 48;
    private static final int NO_ATTEMPT = -1;

    private final World world;
    private final RandomGenerator random;
    private final @Nullable Dialer dialer;
    private final User user;
    private final SessionCore core;
    private final long originNanos;
    private final Deadline deadline;
    private final List<EngineCarrier> carriers = new ArrayList<>();

    private boolean open;

    /** Client: connected, and waits for TLS; or dialled last. */
    private @Nullable EngineCarrier dialled;

    private boolean dialledIsConnected;

    /** Server: the pairing that may come, and what came too early. */
    private int expectedAttempt = NO_ATTEMPT;

    private int earlyAttempt = NO_ATTEMPT;
    private @Nullable EngineCarrier early;

    private int tlsDial;
    private int tlsRedials;
    private @Nullable CloseReason closed;

    /**
     * A session that waits to be opened.
     *
     * @param dialer the client's; null on the bridge
     * @param memory the budget of the bridge's sessions; without a bound on a client
     */
    SimulatedSession(
            World world,
            RandomGenerator random,
            CarrierPolicy policy,
            MemoryBudget memory,
            @Nullable Dialer dialer,
            User user) {
        this.world = world;
        this.random = random;
        this.dialer = dialer;
        this.user = user;
        this.originNanos = world.now();
        this.deadline = new Deadline(world, this::handleDeadline);
        this.core =
                new SessionCore(dialer != null, policy, SessionParameters.DEFAULT, this, world.allocator, memory, 0);
        memory.sessionOpened();
        if (dialer != null) {
            dial(CarrierKind.TLS);
            if (policy != CarrierPolicy.TLS) {
                dialUtp();
            }
        }
        core.autoRead(true, 0);
        arm();
    }

    // For the user.

    boolean isWritable() {
        return core.isWritable();
    }

    /** Takes over the buffer; it goes out with {@link #flush}. */
    void write(ByteBuf bytes) {
        core.write(bytes);
    }

    void flush() {
        core.flush(elapsed());
        arm();
    }

    // For those who look.

    /** Whether the first carrier came up, and the session has not ended since. */
    boolean isAlive() {
        return open && closed == null;
    }

    boolean sendsOn(CarrierKind kind) {
        return core.sendingCarrier() == kind;
    }

    SessionStats stats() {
        return core.stats();
    }

    /** Packets that the connections of this end have sent again. */
    long retransmissions() {
        return carriers.stream().mapToLong(EngineCarrier::retransmissions).sum();
    }

    /** How often TLS was lost and dialled again. */
    int tlsRedials() {
        return tlsRedials;
    }

    // The set-up.

    private EngineCarrier dial(CarrierKind kind) {
        Dialer way = dialer;
        if (way == null) {
            throw new IllegalStateException("a bridge does not dial");
        }
        int opening = kind == CarrierKind.TLS ? SERVER_FLIGHT_BYTES : 0;
        return keep(new EngineCarrier(world, this, kind, way.endpoint(), way.dial(kind), opening));
    }

    /** Bridge: the client has opened a connection. */
    EngineCarrier accept(CarrierKind kind, SimulatedEndpoint endpoint, Connection connection) {
        int opening = kind == CarrierKind.TLS ? CLIENT_HELLO_BYTES : PAIRING_ID_BYTES;
        return keep(new EngineCarrier(world, this, kind, endpoint, connection, opening));
    }

    private EngineCarrier keep(EngineCarrier carrier) {
        carriers.add(carrier);
        return carrier;
    }

    /** Client: a dial was answered. */
    void handleConnected(EngineCarrier carrier) {
        if (carrier.kind() == CarrierKind.TLS) {
            carrier.open(ByteBuffer.allocate(CLIENT_HELLO_BYTES));
        } else if (carrier == dialled) {
            dialledIsConnected = true;
            pairIfReady();
        }
    }

    /** What the peer sends before its first record is there. */
    void handleOpening(EngineCarrier carrier, ByteBuf opening) {
        if (carrier.kind() == CarrierKind.TLS) {
            if (dialer == null) {
                carrier.open(ByteBuffer.allocate(SERVER_FLIGHT_BYTES));
            }
            attachTls(carrier);
            return;
        }
        int attempt = opening.getInt(opening.readerIndex());
        if (attempt == expectedAttempt) {
            attach(carrier, attempt);
        } else {
            early = carrier;
            earlyAttempt = attempt;
            carrier.pause();
        }
    }

    /** HELLO and WELCOME are short, and go with what follows. */
    private void attachTls(EngineCarrier carrier) {
        open = true;
        attach(carrier, 0);
        core.raiseLimit(SessionParameters.DEFAULT.receiveBytes(), elapsed());
        if (dialer == null) {
            // The first pairing is implied by HELLO.
            expectPairing(0);
        } else {
            pairIfReady();
        }
        arm();
    }

    private void pairIfReady() {
        EngineCarrier carrier = dialled;
        if (carrier == null || !dialledIsConnected || !open) {
            return;
        }
        dialled = null;
        int attempt = core.beginPairing(elapsed());
        if (attempt < 0) {
            carrier.abort();
        } else {
            carrier.open(ByteBuffer.allocate(PAIRING_ID_BYTES).putInt(0, attempt));
            attach(carrier, attempt);
        }
        arm();
    }

    private void attach(EngineCarrier carrier, int attempt) {
        core.attach(carrier, attempt, elapsed());
        arm();
    }

    // From the carriers.

    void handleBytes(EngineCarrier carrier, ByteBuf frames) {
        core.handleBytes(carrier, frames, elapsed());
    }

    void handleBytesComplete() {
        core.handleBytesComplete(elapsed());
        arm();
    }

    void handleWritable() {
        core.handleWritable(elapsed());
        arm();
    }

    void handleClosed(EngineCarrier carrier) {
        if (carrier == dialled) {
            dialled = null;
            core.handleUtpDialFailed(elapsed());
        } else {
            core.handleClosed(carrier, "the connection ended", elapsed());
        }
        arm();
    }

    // Time.

    private long elapsed() {
        return world.now() - originNanos;
    }

    private void arm() {
        long next = core.deadlineNanos();
        if (next != SessionCore.NEVER) {
            deadline.arm(originNanos + next);
        }
    }

    private void handleDeadline() {
        if (core.deadlineNanos() <= elapsed()) {
            core.handleTimeout(elapsed());
        }
        arm();
    }

    // From the core.

    @Override
    public void deliver(ByteBuf bytes) {
        user.onBytes(bytes);
        bytes.release();
    }

    @Override
    public void deliverComplete() {}

    @Override
    public void deliverEnd() {}

    @Override
    public void writabilityChanged() {
        if (core.isWritable()) {
            user.onWritable();
        }
    }

    @Override
    public void carrierChanged(
            @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause, String detail) {}

    @Override
    public void payloadSent(CarrierKind kind, int bytes) {}

    @Override
    public void payloadReceived(CarrierKind kind, int bytes) {}

    @Override
    public void dialUtp() {
        dialledIsConnected = false;
        dialled = dial(CarrierKind.UTP);
    }

    @Override
    public void cancelUtpDial() {
        EngineCarrier carrier = dialled;
        dialled = null;
        if (carrier != null) {
            carrier.abort();
        }
    }

    @Override
    public void expectPairing(int attempt) {
        expectedAttempt = attempt;
        EngineCarrier carrier = early;
        if (carrier != null && earlyAttempt == attempt) {
            early = null;
            attach(carrier, attempt);
            carrier.resume();
        }
    }

    /** Is counted, and fails when its time is over: resumption is not modelled. */
    @Override
    public void dialTls(long connectNanos) {
        tlsRedials++;
        int dial = ++tlsDial;
        world.in(connectNanos, () -> {
            if (dial == tlsDial) {
                core.handleTlsDialFailed(elapsed());
                arm();
            }
        });
    }

    @Override
    public void cancelTlsDial() {
        tlsDial++;
    }

    @Override
    public long jitterNanos(long most) {
        return (long) (random.nextDouble() * most);
    }

    @Override
    public void detached(boolean now) {}

    @Override
    public void closed(CloseReason reason, String detail) {
        closed = reason;
    }
}
