package dev.tandem.utp.paired.session;

/** When the client dials µTP: at the start, and again with growing delays after failures and losses. */
final class UtpDialer {
    private enum State {
        /** Dialled, and not confirmed yet: {@code atNanos} is the deadline. */
        DIALLING,
        /** Confirmed at {@code atNanos}. */
        UP,
        /** To be dialled at {@code atNanos}. */
        WAITING,
        /** Not to be dialled any more in this session. */
        OFF
    }

    private final SessionParameters parameters;
    private final SessionHost host;
    private final long firstDelayNanos;
    private State state = State.DIALLING;
    private long atNanos;
    private int failures;
    private int nextAttempt;

    /** The first dial was started when TCP was, before there was a session. */
    UtpDialer(SessionParameters parameters, SessionHost host, long firstDelayNanos, long nowNanos) {
        this.parameters = parameters;
        this.host = host;
        this.firstDelayNanos = firstDelayNanos;
        this.atNanos = nowNanos + parameters.pairingNanos();
    }

    boolean isDialling() {
        return state == State.DIALLING;
    }

    /** The number of the identifier that is used next; each is used once. */
    int takeAttempt() {
        return nextAttempt++;
    }

    void handleConfirmed(long nowNanos) {
        state = State.UP;
        atNanos = nowNanos;
    }

    /** The dial failed, or the connection is gone. */
    void handleGone(long nowNanos) {
        if (state == State.UP && nowNanos - atNanos >= parameters.healthyNanos()) {
            failures = 0;
        }
        if (state == State.OFF || state == State.WAITING) {
            return;
        }
        if (failures == parameters.maxDialFailures()) {
            state = State.OFF;
            return;
        }
        state = State.WAITING;
        long delay = Math.min(firstDelayNanos << Math.min(failures, 16), parameters.redialCapNanos());
        atNanos = nowNanos + delay + host.jitterNanos(delay / TlsDialer.JITTER_PART);
        failures++;
    }

    /** The dial that counts as started was not made, and comes in so long. */
    void postpone(long nanos, long nowNanos) {
        if (state == State.DIALLING) {
            state = State.WAITING;
            atNanos = nowNanos + nanos;
        }
    }

    /** A connection was given up for silence: the next one may come at once. */
    void handleAbandoned(long nowNanos) {
        handleGone(nowNanos);
        hurry(nowNanos);
    }

    /** The last connection turns out to have been given up for silence: as if that had been known. */
    void hurry(long nowNanos) {
        if (state == State.WAITING && failures <= 1) {
            atNanos = nowNanos;
        }
    }

    /** Dials at once, whatever failed before. */
    void restart(long nowNanos) {
        state = State.WAITING;
        failures = 0;
        atNanos = nowNanos;
    }

    /** Whether a dial that was not confirmed is over its deadline. */
    boolean isOverdue(long nowNanos) {
        return state == State.DIALLING && atNanos <= nowNanos;
    }

    /** Whether to dial now; if so, the dial counts as started. */
    boolean shouldDial(long nowNanos) {
        if (state != State.WAITING || atNanos > nowNanos) {
            return false;
        }
        state = State.DIALLING;
        atNanos = nowNanos + parameters.pairingNanos();
        return true;
    }

    long deadlineNanos() {
        return state == State.DIALLING || state == State.WAITING ? atNanos : SessionCore.NEVER;
    }
}
