package dev.tandem.utp.paired.session;

/**
 * When the client dials TLS anew for a session that exists: at once, then after half a second, and the later the longer
 * TLS has been missing, so that an outage is over soon after its cause.
 */
final class TlsDialer {
    private enum State {
        /** TLS is there, as far as is known. */
        IDLE,
        /** To be dialled at {@code atNanos}. */
        WAITING,
        /** Dialled: {@code atNanos} is the deadline. */
        DIALLING
    }

    private static final long FIRST_DELAY_NANOS = 500_000_000L;
    /** The delay is this part of the time that TLS has been missing. */
    private static final int DELAY_PART = 4;
    /** With nothing to send on, tor waits. */
    private static final long ALONE_CAP_NANOS = 8_000_000_000L;
    /** Beside a µTP connection that works, there is time. */
    private static final long BESIDE_CAP_NANOS = 60_000_000_000L;

    /** A delay is longer by up to this part of it, at random. */
    static final int JITTER_PART = 2;

    private static final int MAX_DOUBLINGS = 5;
    /** Least time to connect: two SYNs, the second of them a second after the first. */
    private static final long LEAST_CONNECT_NANOS = 2_000_000_000L;

    private static final int CONNECT_PTOS = 4;
    /** A dial is three round trips: TCP, TLS, RESUME. */
    private static final int ROUND_TRIPS = 3;

    private final SessionParameters parameters;
    private final SessionHost host;
    private State state = State.IDLE;
    private long atNanos;
    private long sinceNanos;
    private long startedNanos;
    private long upNanos;
    /** Connections in a row that were lost soon after they came. */
    private int quickLosses = -1;

    TlsDialer(SessionParameters parameters, SessionHost host) {
        this.parameters = parameters;
        this.host = host;
    }

    /**
     * TLS is missing, or silent.
     *
     * @param alone whether nothing else can be sent on: then there is no time to lose
     */
    void need(boolean alone, long nowNanos) {
        if (state == State.IDLE) {
            boolean quick = quickLosses >= 0 && nowNanos - upNanos < parameters.healthyNanos();
            quickLosses = quick ? Math.min(quickLosses + 1, MAX_DOUBLINGS) : 0;
            state = State.WAITING;
            sinceNanos = nowNanos;
            atNanos = quick ? Math.max(nowNanos, startedNanos + spread(FIRST_DELAY_NANOS << quickLosses)) : nowNanos;
        } else if (alone && state == State.WAITING) {
            sinceNanos = nowNanos;
            atNanos = Math.min(atNanos, Math.max(nowNanos, startedNanos + spread(FIRST_DELAY_NANOS)));
        }
    }

    private long spread(long delay) {
        return delay + host.jitterNanos(delay / JITTER_PART);
    }

    /** TLS is heard again, or not wanted any more. What was dialled already goes on, and will replace it. */
    void handleAnswered() {
        if (state == State.WAITING) {
            state = State.IDLE;
        }
    }

    /** A new connection is attached. */
    void handleUp(long nowNanos) {
        state = State.IDLE;
        upNanos = nowNanos;
    }

    /** The dial came to nothing. */
    void handleFailed(boolean alone, long nowNanos) {
        if (state == State.DIALLING) {
            long cap = alone ? ALONE_CAP_NANOS : BESIDE_CAP_NANOS;
            long delay = Math.max(FIRST_DELAY_NANOS, Math.min(cap, (nowNanos - sinceNanos) / DELAY_PART));
            state = State.WAITING;
            atNanos = Math.max(nowNanos, startedNanos + spread(delay));
        }
    }

    /** Dials, or gives up a dial that takes too long. */
    void handleTimeout(CarrierSlot tls, boolean alone, long nowNanos) {
        if (state == State.DIALLING && atNanos <= nowNanos) {
            host.cancelTlsDial();
            handleFailed(alone, nowNanos);
        }
        if (state == State.WAITING && atNanos <= nowNanos) {
            long connect = Math.max(LEAST_CONNECT_NANOS, CONNECT_PTOS * tls.rtt.ptoNanos(parameters.ackDelayNanos()));
            state = State.DIALLING;
            startedNanos = nowNanos;
            atNanos = nowNanos + ROUND_TRIPS * connect;
            host.dialTls(connect);
        }
    }

    long deadlineNanos() {
        return state == State.IDLE ? SessionCore.NEVER : atNanos;
    }
}
