package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.SessionStats;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One session: two byte streams over whichever carriers are attached, and for a while over none. Each call changes the state, then delivers and sends
 * what can be; {@link #deadlineNanos} is the one moment at which {@link #handleTimeout} is wanted.
 */
public final class SessionCore {
    /** No deadline. */
    public static final long NEVER = Long.MAX_VALUE;

    private final CarrierPolicy policy;
    private final SessionParameters parameters;
    private final SessionHost host;
    private final CarrierSlot tls;
    private final CarrierSlot utp;
    private final Sender sender;
    private final Receiver receiver;
    private final CarrierChoice choice;
    private final BatchWriter writer;
    private final Pairing pairing;
    private final CarrierWatch watch;
    /** The client's; null on a server. */
    private final @Nullable TlsDialer dialer;

    /** The other side has taken the session on, so that it can be resumed. */
    private boolean established;

    private long resumptions;

    private @Nullable CloseReason closeReason;
    private @Nullable ResetReason peerReset;
    private boolean draining;
    private boolean drainAgain;

    /** When a session that has nothing to send on, although it has a carrier, gives that up. */
    private long limboAtNanos = NEVER;

    /** When a session without any carrier is given up. */
    private long detachedUntilNanos = NEVER;

    /**
     * A session of which nothing was sent yet.
     *
     * @param client whether this side dials; then its first dial of µTP is under way already, unless the policy is tls
     */
    public SessionCore(
            boolean client,
            CarrierPolicy policy,
            SessionParameters parameters,
            SessionHost host,
            ByteBufAllocator allocator,
            long nowNanos) {
        this(client, policy, parameters, host, allocator, MemoryBudget.unbounded(), nowNanos);
    }

    /** The same as one of several sessions that share a budget. */
    public SessionCore(
            boolean client,
            CarrierPolicy policy,
            SessionParameters parameters,
            SessionHost host,
            ByteBufAllocator allocator,
            MemoryBudget memory,
            long nowNanos) {
        this.policy = policy;
        this.parameters = parameters;
        this.host = host;
        this.tls = new CarrierSlot(CarrierKind.TLS, allocator);
        this.utp = new CarrierSlot(CarrierKind.UTP, allocator);
        this.sender = new Sender(parameters, allocator, memory);
        this.receiver = new Receiver(parameters, host, allocator, memory);
        this.choice = new CarrierChoice(parameters, policy, tls, utp, sender, host);
        this.writer = new BatchWriter(allocator, sender, receiver, choice, host);
        this.pairing = new Pairing(client, policy, parameters, host, writer, nowNanos);
        this.watch = new CarrierWatch(client, parameters, tls, utp, sender, choice);
        this.dialer = client ? new TlsDialer(parameters, host) : null;
    }

    // Carriers.

    /**
     * Takes a carrier into use. A TLS carrier is one whose proof was made or checked. A µTP carrier is trusted with data
     * once a frame came on it.
     *
     * @param attempt for µTP, the number of its pairing
     */
    public void attach(Carrier carrier, int attempt, long nowNanos) {
        if (closeReason != null) {
            carrier.abort();
            return;
        }
        CarrierSlot slot = slot(carrier.kind());
        if (slot == tls) {
            putTls(carrier, nowNanos);
            choice.choose(nowNanos, ChangeCause.TLS_UP, ChangeCause.TLS_UP.text());
        } else {
            abort(utp, ChangeCause.REPLACED, ChangeCause.REPLACED.text(), nowNanos);
            utp.carrier = carrier;
            utp.attempt = attempt;
            watch.handleHeard(utp, nowNanos);
            pairing.handleAttached();
            // The answer is what confirms it to the side that dialled.
            utp.ping();
        }
        settle(nowNanos, "");
        drain(nowNanos);
    }

    /**
     * Takes a TLS carrier into use that was dialled for this session: in place of the last one, if there is one still. Its
     * proofs were made or checked.
     *
     * @param peer where the other side stands
     * @param answer told where this side stands, before anything else is written to the carrier
     * @throws MalformedFrameException if the other side cannot stand there; then nothing has changed
     */
    public void resume(Carrier carrier, ResumePoint peer, Consumer<ResumePoint> answer, long nowNanos)
            throws MalformedFrameException {
        if (closeReason != null) {
            carrier.abort();
            return;
        }
        sender.check(peer.next());
        resumptions++;
        putTls(carrier, nowNanos);
        if (utp.isAttached() && utp.attempt != peer.attempt()) {
            abort(utp, ChangeCause.MISSING, ChangeCause.MISSING.text(), nowNanos);
        }
        if (dialer != null && peer.attempt() != ResumePoint.NO_UTP && !utp.isAttached()) {
            // The server answered: it has one that we have lost.
            writer.announceDrop(peer.attempt());
        }
        answer.accept(resumePoint());
        if (sender.handleAck(peer.next())) {
            choice.handleProgress(nowNanos);
        }
        sender.raiseLimit(peer.limit());
        receiver.handleCarrierGone(utp.isAttached() ? utp : tls, nowNanos);
        // How far away the peer is now, and whether it is there.
        tls.ping();
        if (dialer != null) {
            dialer.handleUp(nowNanos);
        }
        if (!utp.isAttached()) {
            pairing.handleResumed(nowNanos);
        }
        choice.choose(nowNanos, ChangeCause.TLS_UP_AGAIN, ChangeCause.TLS_UP_AGAIN.text());
        settle(nowNanos, "");
        drain(nowNanos);
    }

    /** Where this side stands. */
    public ResumePoint resumePoint() {
        return new ResumePoint(
                utp.isAttached() ? utp.attempt : ResumePoint.NO_UTP, receiver.next(), receiver.advertise());
    }

    /** Client: TLS could not be dialled, or the bridge did not let it resume. */
    public void handleTlsDialFailed(long nowNanos) {
        if (closeReason == null && dialer != null) {
            dialer.handleFailed(isDetached() || choice.isStalledAlone(), nowNanos);
        }
    }

    private boolean isDetached() {
        return !tls.isAttached() && !utp.isAttached();
    }

    /** Puts a TLS carrier in the place of the last one, as one step: the session is not without TLS between. */
    private void putTls(Carrier carrier, long nowNanos) {
        Carrier old = tls.carrier;
        long sentEnd = tls.sentEnd;
        tls.clear();
        writer.forgetAnnouncements();
        tls.carrier = carrier;
        tls.confirmed = true;
        watch.handleHeard(tls, nowNanos);
        if (old != null) {
            old.abort();
            choice.handleReplaced(sentEnd);
        }
    }

    /** A carrier ended or broke by itself. Ignored for one that is not in use any more. */
    public void handleClosed(Carrier carrier, String cause, long nowNanos) {
        CarrierSlot slot = slot(carrier.kind());
        if (closeReason == null && slot.carrier == carrier) {
            detach(slot, ChangeCause.CLOSED, cause, nowNanos);
            settle(nowNanos, cause);
            drain(nowNanos);
        }
    }

    /** A carrier takes more again. */
    public void handleWritable(long nowNanos) {
        drain(nowNanos);
    }

    /** Handles the frames in bytes from a carrier; for µTP they must be whole. Does not release the buffer. */
    public void handleBytes(Carrier carrier, ByteBuf bytes, long nowNanos) {
        CarrierSlot slot = slot(carrier.kind());
        if (closeReason != null || slot.carrier != carrier) {
            return;
        }
        watch.handleHeard(slot, nowNanos);
        if (slot == tls && dialer != null) {
            dialer.handleAnswered();
        }
        try {
            slot.decoder.decode(bytes, new IncomingFrames(this, sender, receiver, choice, slot, carrier, nowNanos));
            if (slot == utp && !slot.decoder.atBoundary()) {
                throw new MalformedFrameException("a record that ends within a frame");
            }
            if (slot == utp && slot.carrier == carrier && !slot.confirmed) {
                slot.confirmed = true;
                pairing.handleConfirmed(nowNanos);
                choice.choose(nowNanos, ChangeCause.PAIRED, ChangeCause.PAIRED.text());
                // The server opened it: it has the session.
                established = true;
                settle(nowNanos, "");
            }
        } catch (MalformedFrameException e) {
            if (slot.carrier == carrier) {
                String cause = "malformed input on " + carrier.kind() + ": " + e.getMessage();
                abort(slot, ChangeCause.MALFORMED, cause, nowNanos);
                settle(nowNanos, cause);
            }
        }
    }

    /** Sends and delivers what the last {@link #handleBytes} calls made possible: once, at the end of a read. */
    public void handleBytesComplete(long nowNanos) {
        drain(nowNanos);
    }

    // Pairing.

    /**
     * Client: the number of the identifier and the keys for a µTP connection that is open now, told to the server behind
     * this call; -1 if the connection is not wanted any more.
     */
    public int beginPairing(long nowNanos) {
        if (closeReason != null || !tls.isAttached()) {
            return -1;
        }
        int attempt = pairing.begin();
        if (attempt > 0) {
            // Whether TLS bears the announcement is worth knowing.
            tls.ping();
        }
        drain(nowNanos);
        return attempt;
    }

    /** Client: a µTP connection could not be opened. */
    public void handleUtpDialFailed(long nowNanos) {
        if (closeReason == null && !utp.isAttached()) {
            pairing.handleDialFailed(nowNanos);
        }
    }

    /** Client: µTP is not to be dialled for so long; this counts as no failure. */
    public void postponeUtpDial(long nanos, long nowNanos) {
        if (closeReason == null && !utp.isAttached()) {
            pairing.postpone(nanos, nowNanos);
        }
    }

    /** A server learns which identifier comes next. */
    void handlePair(CarrierSlot slot, int attempt) throws MalformedFrameException {
        pairing.handlePair(slot == tls, attempt);
    }

    /** The other side's end of a µTP connection is gone. */
    void handleDrop(CarrierSlot slot, int attempt, long nowNanos) throws MalformedFrameException {
        pairing.checkDrop(slot == tls, attempt);
        // Else both sides gave it up, and a new one may be under way.
        if (utp.isAttached() && utp.attempt == attempt) {
            String cause = ChangeCause.DROPPED.text();
            abort(utp, ChangeCause.DROPPED, cause, nowNanos);
            writer.forgetDrop();
            settle(nowNanos, cause);
        }
    }

    // The user.

    /** Appends bytes and releases the buffer; nothing is sent before {@link #flush}. */
    public void write(ByteBuf bytes) {
        try {
            if (closeReason == null) {
                if (sender.isFinishing()) {
                    throw new IllegalStateException("written after the end");
                }
                sender.append(bytes);
                // At once, and not only when draining: a user that writes while it may must see its own bytes count.
                updateWritability();
            }
        } finally {
            bytes.release();
        }
    }

    public void flush(long nowNanos) {
        drain(nowNanos);
    }

    public boolean isWritable() {
        return sender.isWritable() && closeReason == null;
    }

    public void finish(long nowNanos) {
        sender.finish();
        drain(nowNanos);
    }

    public void autoRead(boolean on, long nowNanos) {
        receiver.autoRead(on);
        if (on) {
            drain(nowNanos);
        }
    }

    /** Ends the session at once, and tells the peer. */
    public void reset(ResetReason reason) {
        terminate(CloseReason.RESET_LOCALLY, reason.text(), reason);
    }

    void handleReset(ResetReason reason) {
        peerReset = reason;
        if (closeReason == null) {
            // The other side may have waited until all of it was acknowledged: what we hold is ours to deliver.
            receiver.deliverRest();
        }
        terminate(CloseReason.RESET_BY_PEER, CloseReason.RESET_BY_PEER.text() + ": " + reason.text(), null);
    }

    /** Ends the session for a reason of the surroundings, and tells the peer another. */
    public void close(CloseReason reason, @Nullable ResetReason tell) {
        if (reason == CloseReason.SESSION_UNKNOWN && isThrough()) {
            terminate(CloseReason.FINISHED, CloseReason.FINISHED.text(), null);
        } else {
            terminate(reason, reason.text(), tell);
        }
    }

    /**
     * Whether all bytes came through in both directions, and the peer's end, and nothing is missing but the ACK of ours: the
     * peer may have sent that as its last, and forgotten the session.
     */
    private boolean isThrough() {
        return receiver.isEndDelivered() && sender.isFinishing() && sender.retained() == 0;
    }

    /** What the peer's HELLO or WELCOME allows us to send. From now on the session can be resumed. */
    public void raiseLimit(long limit, long nowNanos) {
        established = true;
        sender.raiseLimit(limit);
        drain(nowNanos);
    }

    // Time.

    /** When {@link #handleTimeout} is wanted next; {@link #NEVER} if not at all. Early and late calls are harmless. */
    public long deadlineNanos() {
        if (closeReason != null) {
            return NEVER;
        }
        long carriers = Math.min(choice.deadlineNanos(), Math.min(tls.ackDeadlineNanos(), utp.ackDeadlineNanos()));
        carriers = Math.min(carriers, Math.min(watch.deadlineNanos(), pairing.deadlineNanos(tls.isAttached())));
        long redial = dialer == null ? NEVER : dialer.deadlineNanos();
        return Math.min(carriers, Math.min(redial, Math.min(limboAtNanos, detachedUntilNanos)));
    }

    public void handleTimeout(long nowNanos) {
        if (closeReason != null) {
            return;
        }
        if (detachedUntilNanos <= nowNanos) {
            CloseReason reason = isThrough() ? CloseReason.FINISHED : CloseReason.CARRIERS_LOST;
            terminate(reason, reason.text(), null);
            return;
        }
        if (limboAtNanos <= nowNanos && policy == CarrierPolicy.UTP && tls.isAttached()) {
            CloseReason reason = CloseReason.UTP_UNAVAILABLE;
            terminate(reason, reason.text(), ResetReason.CARRIER_UNAVAILABLE);
            return;
        }
        handleSilence(nowNanos);
        if (closeReason == null && dialer != null) {
            dialer.handleTimeout(tls, isDetached() || choice.isStalledAlone(), nowNanos);
        }
        drain(nowNanos);
    }

    /** Gives up what was silent for too long, and asks what was silent for long. */
    private void handleSilence(long nowNanos) {
        boolean limboOver = limboAtNanos <= nowNanos;
        boolean wasStalledAlone = choice.isStalledAlone();
        if (choice.handleTimeout(nowNanos)) {
            giveUp(utp, ChangeCause.SILENT, "µTP stayed silent", nowNanos);
        } else if (choice.isStalledAlone() && !wasStalledAlone && dialer != null && established) {
            dialer.need(true, nowNanos);
        }
        if (closeReason == null && (pairing.handleTimeout(tls.isAttached(), nowNanos) || limboOver)) {
            giveUp(utp, ChangeCause.UNPAIRED, ChangeCause.UNPAIRED.text(), nowNanos);
        }
        if (closeReason == null && watch.isTlsDead(nowNanos)) {
            giveUp(tls, ChangeCause.SILENT, "TLS stayed silent", nowNanos);
        } else if (closeReason == null && watch.becomesSuspect(nowNanos) && dialer != null && established) {
            dialer.need(!utp.isAttached(), nowNanos);
        }
        watch.probe(nowNanos);
    }

    private void giveUp(CarrierSlot slot, ChangeCause cause, String detail, long nowNanos) {
        abort(slot, cause, detail, nowNanos);
        settle(nowNanos, detail);
    }

    // State, for those who look.

    public @Nullable CloseReason closeReason() {
        return closeReason;
    }

    public @Nullable ResetReason peerReset() {
        return peerReset;
    }

    public @Nullable CarrierKind sendingCarrier() {
        CarrierSlot sending = choice.sending();
        return sending == null || closeReason != null ? null : sending.kind;
    }

    /** What is attached of a kind. */
    public @Nullable Carrier carrier(CarrierKind kind) {
        return slot(kind).carrier;
    }

    public SessionStats stats() {
        return new SessionStats(
                tls.payloadSent,
                utp.payloadSent,
                tls.payloadReceived,
                utp.payloadReceived,
                sender.resent(),
                receiver.duplicates(),
                choice.changes(),
                pairing.count(),
                resumptions,
                sender.retained(),
                receiver.held());
    }

    // Sending and delivering.

    private void drain(long nowNanos) {
        drainAgain = true;
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (drainAgain && closeReason == null) {
                drainAgain = false;
                receiver.deliverHeld(nowNanos);
                pump(tls, nowNanos);
                pump(utp, nowNanos);
                finishIfDone();
                if (closeReason == null) {
                    choice.update(nowNanos);
                    watch.update(nowNanos);
                    updateWritability();
                }
            }
        } finally {
            draining = false;
        }
    }

    /** Each write may call back into this object, so nothing is remembered across it. */
    private void pump(CarrierSlot slot, long nowNanos) {
        boolean wrote = false;
        while (closeReason == null && writer.write(slot, slot == tls, nowNanos)) {
            wrote = true;
        }
        if (wrote && slot.carrier != null) {
            slot.carrier.flush();
        }
    }

    private void updateWritability() {
        if (sender.updateWritable()) {
            host.writabilityChanged();
        }
    }

    // The end.

    private void finishIfDone() {
        if (closeReason == null && sender.isEndAcked() && receiver.isEndDelivered()) {
            // The last ACK must arrive, and either carrier may fail it.
            writer.writeLastAck(tls);
            writer.writeLastAck(utp);
            terminate(CloseReason.FINISHED, CloseReason.FINISHED.text(), null);
        }
    }

    private void terminate(CloseReason reason, String detail, @Nullable ResetReason tell) {
        if (closeReason != null) {
            return;
        }
        closeReason = reason;
        end(tls, tell);
        end(utp, tell);
        sender.release();
        receiver.release();
        host.closed(reason, detail);
    }

    private void end(CarrierSlot slot, @Nullable ResetReason tell) {
        Carrier carrier = slot.carrier;
        slot.clear();
        if (carrier == null) {
            return;
        }
        if (tell != null) {
            writer.writeReset(carrier, tell);
        }
        carrier.close();
    }

    private void abort(CarrierSlot slot, ChangeCause cause, String detail, long nowNanos) {
        Carrier carrier = slot.carrier;
        if (carrier != null) {
            carrier.abort();
            detach(slot, cause, detail, nowNanos);
        }
    }

    private void detach(CarrierSlot slot, ChangeCause cause, String detail, long nowNanos) {
        long sentEnd = slot.sentEnd;
        int attempt = slot.attempt;
        slot.clear();
        CarrierSlot other = slot == tls ? utp : tls;
        if (slot == utp) {
            pairing.handleGone(nowNanos);
            if (tls.isAttached()) {
                writer.announceDrop(attempt);
                tls.ping();
            }
        } else {
            writer.forgetAnnouncements();
        }
        if (other.isAttached()) {
            receiver.handleCarrierGone(other, nowNanos);
            // If the whole peer is gone, only what we send makes the other carrier notice.
            other.ping();
        }
        choice.handleGone(slot, sentEnd, nowNanos, cause, detail);
    }

    /** Sees what is left, after a carrier came or went, and what is to be done about it. */
    private void settle(long nowNanos, String cause) {
        if (closeReason != null) {
            return;
        }
        boolean detached = isDetached();
        if (detached || choice.sending() != null) {
            limboAtNanos = NEVER;
        } else if (limboAtNanos == NEVER) {
            limboAtNanos = nowNanos + parameters.pairingNanos();
        }
        // What has come through in both directions needs no carrier any more.
        boolean wanted = !sender.isEndAcked() || !receiver.isComplete();
        if (!tls.isAttached() && wanted && !established) {
            // There is nothing to resume. Only the other end knows whether it has taken the session, and µTP may never
            // tell.
            terminate(CloseReason.CARRIERS_LOST, cause, null);
            return;
        }
        if (dialer != null && established && wanted && !tls.isAttached()) {
            dialer.need(detached, nowNanos);
        }
        boolean wasDetached = detachedUntilNanos != NEVER;
        if (detached && wanted && !wasDetached) {
            detachedUntilNanos = nowNanos + parameters.survival().detachedNanos();
            host.detached(true);
        } else if (!detached && wasDetached) {
            detachedUntilNanos = NEVER;
            host.detached(false);
        }
    }

    private CarrierSlot slot(CarrierKind kind) {
        return kind == CarrierKind.TLS ? tls : utp;
    }
}
