package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.SessionId;
import dev.tandem.utp.paired.session.Carrier;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.MemoryBudget;
import dev.tandem.utp.paired.session.ResumePoint;
import dev.tandem.utp.paired.session.SessionCore;
import dev.tandem.utp.paired.session.SessionHost;
import dev.tandem.utp.paired.session.SessionParameters;
import dev.tandem.utp.paired.session.Survival;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Drives one session core: the clock, one timer, and the way from its events to the listener. */
final class LinkSession implements Session, SessionHost {
    /** What the client or the server does for its sessions. */
    interface Owner {
        void dialUtp(LinkSession session);

        void cancelUtpDial(LinkSession session);

        /** This side sends on µTP now. */
        void utpWorks(LinkSession session);

        void expectPairing(LinkSession session, int attempt);

        void dialTls(LinkSession session, long connectNanos);

        void cancelTlsDial(LinkSession session);

        /** At random from 0 to so much, if this side dials. */
        long jitterNanos(long most);

        /** The session has no carrier (true), or has one again (false). */
        void detached(LinkSession session, boolean now);

        /** The session may hold more than before. */
        default void grew(LinkSession session) {}

        void closed(LinkSession session);
    }

    private final EventLoop loop;
    private final Ticker ticker;
    private final long originNanos;
    private final LinkConfig config;
    private final CarrierTotals totals;
    private InetSocketAddress remote;
    private final LinkKeys keys;
    private final SessionId id;
    private final Owner owner;
    private final CarrierPolicy policy;
    private final MemoryBudget memory;
    private final SessionCore core;
    private @Nullable SessionListener listener;
    /** The server accepted the proof; on a server, true from the start. */
    private boolean admitted;
    /** There is no carrier. */
    private boolean detached;
    /** Of the last RESUME that was sent (client) or taken (server). */
    private int resumeCounter;

    /** When the peer was heard on TLS last, by the loop's ticker. */
    private long heardTlsNanos;

    private final @Nullable IdleWatch idle;
    private @Nullable Future<?> timer;
    private long timerAtNanos = SessionCore.NEVER;

    LinkSession(
            EventLoop loop,
            boolean client,
            CarrierPolicy policy,
            LinkConfig config,
            CarrierTotals totals,
            InetSocketAddress remote,
            LinkKeys keys,
            Owner owner) {
        this(loop, client, policy, config, totals, remote, keys, owner, MemoryBudget.unbounded());
    }

    /** One of several sessions that share a budget. */
    LinkSession(
            EventLoop loop,
            boolean client,
            CarrierPolicy policy,
            LinkConfig config,
            CarrierTotals totals,
            InetSocketAddress remote,
            LinkKeys keys,
            Owner owner,
            MemoryBudget memory) {
        this.loop = loop;
        this.ticker = loop.ticker();
        this.originNanos = ticker.nanoTime();
        this.config = config;
        this.totals = totals;
        this.remote = remote;
        this.keys = keys;
        this.id = keys.sessionId();
        this.owner = owner;
        this.policy = policy;
        this.admitted = !client;
        this.memory = memory;
        SessionParameters parameters = SessionParameters.DEFAULT
                .withBuffers(config.retainBytes(), config.receiveBytes())
                .withPairing(config.pairingTimeout().toNanos())
                .withSurvival(
                        Survival.DEFAULT.withDetached(config.detachedTimeout().toNanos()));
        this.core = new SessionCore(client, policy, parameters, this, ByteBufAllocator.DEFAULT, memory, 0);
        memory.sessionOpened();
        totals.sessionOpened();
        long idleNanos = config.idleTimeout().toNanos();
        this.idle = idleNanos == 0
                ? null
                : new IdleWatch(
                        loop, idleNanos, this::isDelivering, () -> core.close(CloseReason.IDLE, ResetReason.IDLE));
    }

    LinkConfig config() {
        return config;
    }

    CarrierPolicy policy() {
        return policy;
    }

    LinkKeys keys() {
        return keys;
    }

    SessionId id() {
        return id;
    }

    void listen(SessionListener user) {
        listener = user;
    }

    // From the carriers and the owner.

    void attach(Carrier carrier, int attempt) {
        core.attach(carrier, attempt, now());
        arm();
    }

    /** The peer answered HELLO, or the client's HELLO was good: how far this side may send. */
    void handleLimit(long limit) {
        admit();
        heardTls();
        core.raiseLimit(limit, now());
        arm();
    }

    /** Attaches a TLS carrier anew, as {@link SessionCore#resume}. */
    void resume(Carrier carrier, ResumePoint peer, Consumer<ResumePoint> answer) throws MalformedFrameException {
        try {
            core.resume(carrier, peer, answer, now());
            admit();
            heardTls();
            totals.sessionResumed();
        } finally {
            arm();
        }
    }

    ResumePoint resumePoint() {
        return core.resumePoint();
    }

    /** Client: the counter of the next RESUME. */
    int nextResume() {
        return ++resumeCounter;
    }

    /** Server: whether a RESUME of this counter is newer than every one before; if so, it counts from now on. */
    boolean takeResume(int counter) {
        boolean newer = counter > resumeCounter;
        resumeCounter = Math.max(resumeCounter, counter);
        return newer;
    }

    /** Server: the client comes from there now. */
    void moved(InetSocketAddress from) {
        remote = from;
    }

    private void admit() {
        if (!admitted) {
            admitted = true;
            if (listener != null) {
                listener.onAdmitted(this);
            }
        }
    }

    boolean isAdmitted() {
        return admitted;
    }

    void handleBytes(Carrier carrier, ByteBuf bytes) {
        if (carrier.kind() == CarrierKind.TLS) {
            heardTls();
        }
        core.handleBytes(carrier, bytes, now());
        owner.grew(this);
    }

    private void heardTls() {
        heardTlsNanos = ticker.nanoTime();
    }

    /** Client: whether the bridge has accepted the session, and was heard on TLS since that time of the loop's ticker. */
    boolean hasHeardTlsSince(long tickerNanos) {
        return admitted && heardTlsNanos - tickerNanos >= 0;
    }

    void handleBytesComplete() {
        core.handleBytesComplete(now());
        arm();
    }

    void handleWritable() {
        core.handleWritable(now());
        arm();
    }

    void handleClosed(Carrier carrier, String cause, boolean inOrder) {
        if (!admitted && inOrder && carrier.kind() == CarrierKind.TLS) {
            // Who does not like a proof says so when it comes; who has waited for it meanwhile has not got it.
            boolean waited = now() >= config.helloTimeout().toNanos() / 4;
            close(waited ? CloseReason.ADMISSION_TIMEOUT : CloseReason.NOT_ADMITTED, null);
        } else {
            core.handleClosed(carrier, cause, now());
            arm();
        }
    }

    int beginPairing() {
        int attempt = core.beginPairing(now());
        arm();
        return attempt;
    }

    void handleUtpDialFailed() {
        core.handleUtpDialFailed(now());
        arm();
    }

    /** Client: µTP is to be dialled in so long, and not now. */
    void postponeUtpDial(long nanos) {
        core.postponeUtpDial(nanos, now());
        arm();
    }

    void handleTlsDialFailed() {
        core.handleTlsDialFailed(now());
        arm();
    }

    void close(CloseReason reason, @Nullable ResetReason tell) {
        core.close(reason, tell);
    }

    boolean isDetached() {
        return detached;
    }

    EventCounters events() {
        return totals.events();
    }

    /** Looks at the carriers' paths. */
    void sample(Consumer<PathSample> observer) {
        for (CarrierKind kind : CarrierKind.values()) {
            if (core.carrier(kind) instanceof CarrierChannel carrier) {
                carrier.sample(observer);
            }
        }
    }

    // Time.

    private long now() {
        return ticker.nanoTime() - originNanos;
    }

    /** The timer moves only when the deadline moved before it: a late deadline finds an early timer, which looks again. */
    private void arm() {
        long deadline = core.deadlineNanos();
        if (deadline >= timerAtNanos) {
            return;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        timerAtNanos = deadline;
        timer = loop.schedule(this::handleTimer, Math.max(0, deadline - now()), TimeUnit.NANOSECONDS);
    }

    private void handleTimer() {
        timer = null;
        timerAtNanos = SessionCore.NEVER;
        long now = now();
        if (core.deadlineNanos() <= now) {
            core.handleTimeout(now);
        }
        arm();
    }

    /** Whether bytes have been written or received that have not arrived: without a carrier, say, or at a user that is paused. */
    private boolean isDelivering() {
        SessionStats stats = core.stats();
        return stats.retainedBytes() > 0 || stats.heldBytes() > 0;
    }

    private void noteBytes() {
        if (idle != null) {
            idle.handleBytes();
        }
    }

    // For the user.

    @Override
    public void write(ByteBuf bytes) {
        noteBytes();
        core.write(bytes);
        owner.grew(this);
    }

    @Override
    public void flush() {
        core.flush(now());
        arm();
    }

    @Override
    public boolean isWritable() {
        return core.isWritable();
    }

    @Override
    public void finish() {
        core.finish(now());
        arm();
    }

    @Override
    public void reset(ResetReason reason) {
        core.reset(reason);
    }

    @Override
    public void autoRead(boolean on) {
        core.autoRead(on, now());
        arm();
    }

    @Override
    public SessionStats stats() {
        return core.stats();
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return core.closeReason();
    }

    @Override
    public @Nullable ResetReason peerResetReason() {
        return core.peerReset();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public @Nullable CarrierKind sendingCarrier() {
        return core.sendingCarrier();
    }

    // From the core.

    @Override
    public void deliver(ByteBuf bytes) {
        noteBytes();
        if (listener == null) {
            // Sessions start paused, and only their user unpauses them.
            bytes.release();
            throw new IllegalStateException("nobody listens");
        }
        listener.onData(this, bytes);
    }

    @Override
    public void deliverComplete() {
        if (listener != null) {
            listener.onDataComplete(this);
        }
    }

    @Override
    public void deliverEnd() {
        if (listener != null) {
            listener.onEnd(this);
        }
    }

    @Override
    public void writabilityChanged() {
        if (listener != null) {
            listener.onWritabilityChanged(this);
        }
    }

    @Override
    public void carrierChanged(@Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause, String detail) {
        totals.events().carrierChanged(from, to, cause);
        if (from != null && to != null) {
            totals.carrierChanged();
        }
        if (to == CarrierKind.UTP) {
            owner.utpWorks(this);
        }
        if (listener != null) {
            listener.onCarrierChanged(this, from, to, detail);
        }
    }

    @Override
    public void payloadSent(CarrierKind kind, int bytes) {
        totals.sent(kind, bytes);
    }

    @Override
    public void payloadReceived(CarrierKind kind, int bytes) {
        totals.received(kind, bytes);
    }

    @Override
    public void dialUtp() {
        owner.dialUtp(this);
    }

    @Override
    public void cancelUtpDial() {
        owner.cancelUtpDial(this);
    }

    @Override
    public void expectPairing(int attempt) {
        owner.expectPairing(this, attempt);
    }

    @Override
    public void dialTls(long connectNanos) {
        owner.dialTls(this, connectNanos);
    }

    @Override
    public void cancelTlsDial() {
        owner.cancelTlsDial(this);
    }

    @Override
    public long jitterNanos(long most) {
        return owner.jitterNanos(most);
    }

    @Override
    public void detached(boolean now) {
        detached = now;
        owner.detached(this, now);
    }

    @Override
    public void closed(CloseReason reason, String detail) {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        if (idle != null) {
            idle.cancel();
        }
        keys.destroy();
        memory.sessionClosed();
        totals.sessionClosed();
        totals.events().sessionClosed(reason);
        owner.closed(this);
        if (listener != null) {
            listener.onClosed(this, reason, detail);
        }
    }

    @Override
    public String toString() {
        return "Session[" + core.sendingCarrier() + ", " + core.closeReason() + "]";
    }
}
