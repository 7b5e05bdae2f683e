package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierPolicy;
import org.jspecify.annotations.Nullable;

/** Which pairing comes next, and on a client when µTP is dialled for it. */
final class Pairing {
    /** With µTP forced there is nothing to send on meanwhile. */
    private static final long FORCED_REDIAL_NANOS = 1_000_000_000L;

    private final boolean client;
    private final CarrierPolicy policy;
    private final SessionHost host;
    private final BatchWriter writer;
    /** The client's; null on a server, and where µTP is not to be used. */
    private final @Nullable UtpDialer dialer;
    /** The highest number that was used (client) or announced (server). */
    private int lastAttempt;

    private long count;

    Pairing(
            boolean client,
            CarrierPolicy policy,
            SessionParameters parameters,
            SessionHost host,
            BatchWriter writer,
            long nowNanos) {
        this.client = client;
        this.policy = policy;
        this.host = host;
        this.writer = writer;
        if (client && policy != CarrierPolicy.TLS) {
            long firstDelay = policy == CarrierPolicy.UTP
                    ? Math.min(FORCED_REDIAL_NANOS, parameters.redialNanos())
                    : parameters.redialNanos();
            this.dialer = new UtpDialer(parameters, host, firstDelay, nowNanos);
        } else {
            this.dialer = null;
        }
    }

    /** µTP connections paired so far. */
    long count() {
        return count;
    }

    /** Client: takes the next number and announces it; -1 if no connection is wanted. */
    int begin() {
        if (dialer == null || !dialer.isDialling()) {
            return -1;
        }
        lastAttempt = dialer.takeAttempt();
        if (lastAttempt > 0) {
            // The first is implied by HELLO.
            writer.announcePairing(lastAttempt);
        }
        return lastAttempt;
    }

    void handleAttached() {
        count++;
    }

    void handleConfirmed(long nowNanos) {
        if (dialer != null) {
            dialer.handleConfirmed(nowNanos);
        }
    }

    /** The connection is gone, or the dial failed. */
    void handleGone(long nowNanos) {
        if (dialer != null) {
            dialer.handleGone(nowNanos);
        }
    }

    void handleDialFailed(long nowNanos) {
        if (dialer != null && dialer.isDialling()) {
            dialer.handleGone(nowNanos);
        }
    }

    /** Client: a dial that was asked for, or the first one, is not made before so long. */
    void postpone(long nanos, long nowNanos) {
        if (dialer != null) {
            dialer.postpone(nanos, nowNanos);
        }
    }

    /** Server: the client announces a number. */
    void handlePair(boolean onTls, int attempt) throws MalformedFrameException {
        if (client || !onTls || attempt <= lastAttempt) {
            throw new MalformedFrameException("PAIR out of place");
        }
        lastAttempt = attempt;
        if (policy != CarrierPolicy.TLS) {
            // A server may be without µTP whatever the client wants.
            host.expectPairing(attempt);
        }
    }

    void checkDrop(boolean onTls, int attempt) throws MalformedFrameException {
        if (!onTls || attempt < 0 || attempt > lastAttempt) {
            throw new MalformedFrameException("DROP out of place");
        }
    }

    /** TLS is attached anew, and µTP is missing: the network may be another one. */
    void handleResumed(long nowNanos) {
        if (dialer != null) {
            if (dialer.isDialling()) {
                host.cancelUtpDial();
            }
            dialer.restart(nowNanos);
        }
    }

    /**
     * Client: dials if it is time.
     *
     * @return true if the last dial was not confirmed in time: what came of it is to be dropped
     */
    boolean handleTimeout(boolean hasTls, long nowNanos) {
        if (dialer == null) {
            return false;
        }
        boolean overdue = dialer.isOverdue(nowNanos);
        if (overdue) {
            host.cancelUtpDial();
            dialer.handleGone(nowNanos);
        }
        // Without TLS there is nothing to announce it on.
        if (hasTls && dialer.shouldDial(nowNanos)) {
            host.dialUtp();
        }
        return overdue;
    }

    long deadlineNanos(boolean hasTls) {
        return dialer == null || !(hasTls || dialer.isDialling()) ? SessionCore.NEVER : dialer.deadlineNanos();
    }
}
