package dev.tandem.utp.paired.session;

/**
 * When the client dials µTP: at the start, at once when a connection is lost that has lasted, and the later the longer
 * there has been none, so that an outage is over soon after its cause.
 */
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

    /** The delay is this part of the time for which there has been no connection that lasted. */
    private static final int DELAY_PART = 4;

    private final SessionParameters parameters;
    private final SessionHost host;
    private final long firstDelayNanos;
    private State state = State.DIALLING;
    private long atNanos;
    private long startedNanos;
    /** Since when there has been no connection that lasted. */
    private long sinceNanos;

    private int failures;
    private int nextAttempt;

    /** The first dial was started when TCP was, before there was a session. */
    UtpDialer(SessionParameters parameters, SessionHost host, long firstDelayNanos, long nowNanos) {
        this.parameters = parameters;
        this.host = host;
        this.firstDelayNanos = firstDelayNanos;
        this.atNanos = nowNanos + parameters.pairingNanos();
        this.startedNanos = nowNanos;
        this.sinceNanos = nowNanos;
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
            sinceNanos = nowNanos;
        }
        if (state == State.OFF || state == State.WAITING) {
            return;
        }
        if (failures == parameters.maxDialFailures()) {
            state = State.OFF;
            return;
        }
        failures++;
        state = State.WAITING;
        long delay =
                Math.max(firstDelayNanos, Math.min(parameters.redialCapNanos(), (nowNanos - sinceNanos) / DELAY_PART));
        atNanos = Math.max(nowNanos, startedNanos + delay + host.jitterNanos(delay / TlsDialer.JITTER_PART));
    }

    /** The dial that counts as started was not made, and comes in so long. */
    void postpone(long nanos, long nowNanos) {
        if (state == State.DIALLING) {
            state = State.WAITING;
            atNanos = nowNanos + nanos;
        }
    }

    /** Dials at once, whatever failed before. */
    void restart(long nowNanos) {
        state = State.WAITING;
        failures = 0;
        sinceNanos = nowNanos;
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
        startedNanos = nowNanos;
        atNanos = nowNanos + parameters.pairingNanos();
        return true;
    }

    long deadlineNanos() {
        return state == State.DIALLING || state == State.WAITING ? atNanos : SessionCore.NEVER;
    }
}
