package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import org.jspecify.annotations.Nullable;

/**
 * Which carrier this side sends on ({@code LINK.md}, section 8): µTP while it works, else TLS. A stalled µTP connection is
 * left within {@code max(3 PTO, 1 s)}, and used again when it answers, but the later the more often it stalled.
 */
final class CarrierChoice {
    private static final long FIRST_HOLD_NANOS = 1_000_000_000L;
    private static final int MAX_HOLD_DOUBLINGS = 4;
    private static final long FIRST_PROBE_NANOS = 1_000_000_000L;
    private static final long MAX_PROBE_NANOS = 30_000_000_000L;

    private final SessionParameters parameters;
    private final CarrierPolicy policy;
    private final CarrierSlot tls;
    private final CarrierSlot utp;
    private final Sender sender;
    private final SessionHost host;

    private @Nullable CarrierSlot sending;
    private long changes = -1;
    /** When the peer last acknowledged something new, or when it began to owe us an acknowledgement. */
    private long progressAtNanos;

    /** Whether the peer owes us anything, as of the last {@link #update}. */
    private boolean owed;
    /** The offset whose ACK gives a round-trip time, and when it was sent; NEVER if none is measured. */
    private long markOffset;

    private long markAtNanos = SessionCore.NEVER;

    private int stalls;
    private long lastStallNanos;
    private boolean answered;
    private long holdUntilNanos;
    private long abandonAtNanos = SessionCore.NEVER;

    private long probeNanos = FIRST_PROBE_NANOS;
    private long probeAtNanos = SessionCore.NEVER;

    CarrierChoice(
            SessionParameters parameters,
            CarrierPolicy policy,
            CarrierSlot tls,
            CarrierSlot utp,
            Sender sender,
            SessionHost host) {
        this.parameters = parameters;
        this.policy = policy;
        this.tls = tls;
        this.utp = utp;
        this.sender = sender;
        this.host = host;
    }

    @Nullable
    CarrierSlot sending() {
        return sending;
    }

    /** Changes of the sending carrier, the first choice not counted. */
    long changes() {
        return Math.max(0, changes);
    }

    /** Decides again, after anything that may matter changed. */
    void choose(long nowNanos, ChangeCause cause, String detail) {
        CarrierSlot best = best();
        if (best == sending) {
            return;
        }
        CarrierSlot old = sending;
        if (old == utp && utp.stalled && best != null) {
            // What it took may never arrive.
            rewind();
            abandonAtNanos = Math.min(abandonAtNanos, nowNanos + parameters.abandonNanos());
        }
        sending = best;
        if (best != null) {
            changes++;
            best.stalled = false;
        }
        if (best == utp) {
            answered = false;
            abandonAtNanos = SessionCore.NEVER;
        }
        markAtNanos = SessionCore.NEVER;
        probeAtNanos = SessionCore.NEVER;
        probeNanos = FIRST_PROBE_NANOS;
        progressAtNanos = nowNanos;
        host.carrierChanged(old == null ? null : old.kind, best == null ? null : best.kind, cause, detail);
    }

    private @Nullable CarrierSlot best() {
        if (policy != CarrierPolicy.TLS && utp.isUsable()) {
            return utp;
        }
        if (policy != CarrierPolicy.UTP && tls.isUsable()) {
            return tls;
        }
        // Stalled, but the only one there is.
        return utp.isAttached() && utp.confirmed ? utp : null;
    }

    /** A carrier is gone; its slot is cleared already, but for {@code sentEnd}. */
    void handleGone(CarrierSlot slot, long sentEnd, long nowNanos, ChangeCause cause, String detail) {
        if (sentEnd > sender.ackedEnd()) {
            rewind();
        }
        if (slot == utp) {
            answered = false;
            abandonAtNanos = SessionCore.NEVER;
        }
        choose(nowNanos, cause, detail);
    }

    /** Another connection of the same kind took the place of one. */
    void handleReplaced(long sentEnd) {
        if (sentEnd > sender.ackedEnd()) {
            rewind();
        }
    }

    /** Everything not acknowledged goes out again, so no older carrier is needed for it. */
    private void rewind() {
        sender.rewind();
        tls.sentEnd = 0;
        utp.sentEnd = 0;
        markAtNanos = SessionCore.NEVER;
    }

    /** Something was put on the sending carrier. */
    void handleSent(CarrierSlot slot, long nowNanos) {
        slot.sentEnd = sender.sentEnd();
        if (markAtNanos == SessionCore.NEVER) {
            markOffset = sender.nextSend();
            markAtNanos = nowNanos;
        }
    }

    /** Something new was acknowledged. */
    void handleProgress(long nowNanos) {
        handleSign(nowNanos);
        if (sending != null && markAtNanos != SessionCore.NEVER && sender.acked() >= markOffset) {
            sending.rtt.sample(nowNanos - markAtNanos);
            markAtNanos = SessionCore.NEVER;
        }
    }

    /** The sending carrier works. */
    private void handleSign(long nowNanos) {
        progressAtNanos = nowNanos;
        if (isStalledAlone()) {
            utp.stalled = false;
            abandonAtNanos = SessionCore.NEVER;
        }
    }

    /** Whether µTP makes no progress, and there is nothing else to send on. */
    boolean isStalledAlone() {
        return sending == utp && utp.stalled;
    }

    void handlePong(CarrierSlot slot, long token, long nowNanos) {
        if (slot.pingAtNanos == SessionCore.NEVER || token != slot.pingToken) {
            return;
        }
        slot.rtt.sample(nowNanos - slot.pingAtNanos);
        slot.pingAtNanos = SessionCore.NEVER;
        if (slot == sending) {
            handleSign(nowNanos);
        } else if (slot == utp && utp.stalled) {
            answered = true;
            abandonAtNanos = SessionCore.NEVER;
            endHoldIfOver(nowNanos);
        }
    }

    private void endHoldIfOver(long nowNanos) {
        if (answered && nowNanos >= holdUntilNanos) {
            answered = false;
            utp.stalled = false;
            choose(nowNanos, ChangeCause.ANSWERED, ChangeCause.ANSWERED.text());
        }
    }

    /**
     * Handles what is due.
     *
     * @return true if µTP was silent for so long that it is to be given up
     */
    boolean handleTimeout(long nowNanos) {
        endHoldIfOver(nowNanos);
        if (abandonAtNanos <= nowNanos) {
            abandonAtNanos = SessionCore.NEVER;
            return true;
        }
        if (sending != null && probeAtNanos <= nowNanos) {
            probeAtNanos = SessionCore.NEVER;
            probeNanos = Math.min(2 * probeNanos, MAX_PROBE_NANOS);
            sending.ping();
        }
        return stallAtNanos() <= nowNanos && handleStall(nowNanos);
    }

    private boolean handleStall(long nowNanos) {
        if (policy == CarrierPolicy.UTP) {
            return true;
        }
        if (sender.ackedEnd() < tls.sentEnd) {
            // The byte that is missing went out on TLS before the change: TLS may be what is dead.
            rewind();
            progressAtNanos = nowNanos;
            return false;
        }
        long silentMillis = (nowNanos - progressAtNanos) / 1_000_000;
        stalls = nowNanos - lastStallNanos >= 2 * parameters.healthyNanos() ? 0 : stalls;
        holdUntilNanos = nowNanos + (FIRST_HOLD_NANOS << Math.min(stalls, MAX_HOLD_DOUBLINGS));
        lastStallNanos = nowNanos;
        stalls++;
        // The only carrier is kept for longer: what comes in its place is dialled meanwhile.
        abandonAtNanos = nowNanos
                + (tls.isUsable()
                        ? parameters.abandonNanos()
                        : parameters.survival().deadNanos());
        answered = false;
        utp.stalled = true;
        utp.ping();
        // The whole path may be gone, and not UDP alone.
        tls.ping();
        choose(nowNanos, ChangeCause.STALLED, ChangeCause.STALLED.text() + " for " + silentMillis + " ms");
        return false;
    }

    /** When µTP counts as stalled, if nothing comes before. */
    private long stallAtNanos() {
        if (sending != utp || !owed || utp.stalled) {
            return SessionCore.NEVER;
        }
        long least = policy == CarrierPolicy.UTP ? parameters.abandonNanos() : parameters.stallNanos();
        return progressAtNanos + Math.max(3 * utp.rtt.ptoNanos(parameters.ackDelayNanos()), least);
    }

    /** Looks after the timers, once all that could be sent was sent. */
    void update(long nowNanos) {
        boolean nowOwed = sending != null
                && (sender.isOutstanding() || sending.isPingUnanswered() || (sender.hasToSend() && sending.isFull()));
        if (nowOwed && !owed) {
            progressAtNanos = nowNanos;
        }
        owed = nowOwed;
        if (!sender.isBlockedByCredit()) {
            probeAtNanos = SessionCore.NEVER;
            probeNanos = FIRST_PROBE_NANOS;
        } else if (owed || sending == null) {
            probeAtNanos = SessionCore.NEVER;
        } else if (probeAtNanos == SessionCore.NEVER) {
            // The ACK that raised our credit may have been lost with a carrier: a PING makes the peer say it again.
            probeAtNanos = nowNanos + probeNanos;
        }
    }

    long deadlineNanos() {
        long hold = answered ? holdUntilNanos : SessionCore.NEVER;
        return Math.min(Math.min(hold, abandonAtNanos), Math.min(probeAtNanos, stallAtNanos()));
    }
}
