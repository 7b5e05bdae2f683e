package dev.tandem.utp.paired.session;

/**
 * Notices that a carrier is dead without having said so: TLS, when it is silent while something is owed on it, and either,
 * when nothing is owed, by asking now and then. How fast µTP is left while it is in use is {@link CarrierChoice}'s matter.
 */
final class CarrierWatch {
    /** A server asks so many halves of the client's time later: it hears the client's own questions. */
    private static final int SERVER_HALVES = 5;

    /** What makes a burst. It may have been cut off in the middle, and only the client can dial. */
    private static final int BURST_BYTES = 4 * 1024;

    private static final long AFTER_BURST_NANOS = 1_000_000_000L;

    private final boolean client;
    private final SessionParameters parameters;
    private final CarrierSlot tls;
    private final CarrierSlot utp;
    private final Sender sender;
    private final CarrierChoice choice;

    /** Since when TLS owes us something without a sign; NEVER if it owes nothing. */
    private long owedSinceNanos = SessionCore.NEVER;

    /** It was silent for long, and has not been heard since. */
    private boolean suspect;

    CarrierWatch(
            boolean client,
            SessionParameters parameters,
            CarrierSlot tls,
            CarrierSlot utp,
            Sender sender,
            CarrierChoice choice) {
        this.client = client;
        this.parameters = parameters;
        this.tls = tls;
        this.utp = utp;
        this.sender = sender;
        this.choice = choice;
    }

    /** A carrier came, or something came on it: whatever it brings, the path and the peer are alive. */
    void handleHeard(CarrierSlot slot, long nowNanos) {
        slot.heardAtNanos = nowNanos;
        if (slot == tls) {
            // If something is owed still, update starts the time anew.
            owedSinceNanos = SessionCore.NEVER;
            suspect = false;
        }
    }

    /** Looks what is owed, once all that could be sent was sent. */
    void update(long nowNanos) {
        boolean owed = tls.isAttached()
                && (tls.isPingUnanswered()
                        || sender.ackedEnd() < tls.sentEnd
                        || (choice.sending() == tls && sender.hasToSend() && tls.isFull()));
        if (!owed) {
            owedSinceNanos = SessionCore.NEVER;
            suspect = false;
        } else if (owedSinceNanos == SessionCore.NEVER) {
            owedSinceNanos = nowNanos;
        }
    }

    /** Asks the carriers that were not heard for long. */
    void probe(long nowNanos) {
        probe(tls, nowNanos);
        probe(utp, nowNanos);
    }

    private void probe(CarrierSlot slot, long nowNanos) {
        if (probeAtNanos(slot) <= nowNanos) {
            slot.ping();
            if (slot == utp && isAfterBurst(utp)) {
                // If the network is gone, the other side has moved to TLS; its kernel tries the later the longer, we
                // need not.
                tls.ping();
            }
            slot.heardBytes = 0;
        }
    }

    /** Whether TLS was silent for so long that it is to be given up. */
    boolean isTlsDead(long nowNanos) {
        return deadAtNanos() <= nowNanos;
    }

    /** Whether TLS has just been silent for so long that another connection should be dialled. */
    boolean becomesSuspect(long nowNanos) {
        if (suspectAtNanos() > nowNanos) {
            return false;
        }
        suspect = true;
        return true;
    }

    private long suspectAtNanos() {
        return owedSinceNanos == SessionCore.NEVER || suspect
                ? SessionCore.NEVER
                : owedSinceNanos
                        + Math.max(
                                3 * tls.rtt.ptoNanos(parameters.ackDelayNanos()),
                                parameters.survival().suspectNanos());
    }

    private long deadAtNanos() {
        return owedSinceNanos == SessionCore.NEVER
                ? SessionCore.NEVER
                : owedSinceNanos
                        + Math.max(
                                3 * tls.rtt.ptoNanos(parameters.ackDelayNanos()),
                                parameters.survival().deadNanos());
    }

    private boolean isAfterBurst(CarrierSlot slot) {
        return client && slot.heardBytes >= BURST_BYTES;
    }

    private long probeAtNanos(CarrierSlot slot) {
        if (!slot.isAttached() || slot.isPingUnanswered()) {
            return SessionCore.NEVER;
        }
        if (isAfterBurst(slot)) {
            return slot.heardAtNanos + Math.max(3 * slot.rtt.ptoNanos(parameters.ackDelayNanos()), AFTER_BURST_NANOS);
        }
        Survival survival = parameters.survival();
        long interval = slot == choice.sending() ? survival.probeNanos() : survival.spareProbeNanos();
        return slot.heardAtNanos + (client ? interval : interval / 2 * SERVER_HALVES);
    }

    long deadlineNanos() {
        return Math.min(Math.min(probeAtNanos(tls), probeAtNanos(utp)), Math.min(suspectAtNanos(), deadAtNanos()));
    }
}
