package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LinkException.Reason;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionRelay;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Asks bridges, one after the other and each once, until one takes a session: TLS alone does not tell, only its answer to the proof does,
 * which is a round trip more, and with carrier=utp only µTP. On the event loop.
 */
final class BridgeSearch implements SessionRelay.Observer {
    /** Who waits for the session. */
    interface Waiting {
        /** A bridge has taken it. Not called once the search was abandoned. */
        void found(Session session);

        /**
         * None has.
         *
         * @param cause of the last, with a single line
         * @param refused whether all of them have answered, and refused
         */
        void failed(IOException cause, boolean refused);
    }

    /** What a failure says of a bridge. */
    private enum Verdict {
        FAILED,
        REFUSED,
        /** Nothing: the fault is on this side. */
        NONE
    }

    private final Dialer dialer;
    private final EventLoop loop;
    private final ProxyLog log;
    private final SessionJournal journal;
    private final Queue<KnownBridge> left;
    private final ClientOptions options;
    private final Waiting waiting;
    private final SessionRelay relay = new SessionRelay(this);
    private @Nullable KnownBridge asked;
    private @Nullable Session unanswered;
    private boolean over;
    /** Some bridge has: it is the session's user from then on that hears of its end. */
    private boolean found;

    private boolean refused = true;

    /** @param options before those of the bridges' own lines */
    BridgeSearch(
            Dialer dialer,
            EventLoop loop,
            ProxyLog log,
            SessionJournal journal,
            List<KnownBridge> bridges,
            ClientOptions options,
            Waiting waiting) {
        this.dialer = dialer;
        this.loop = loop;
        this.log = log;
        this.journal = journal;
        this.left = new ArrayDeque<>(KnownBridge.inOrder(bridges, now(loop)));
        this.options = options;
        this.waiting = waiting;
    }

    private static long now(EventLoop loop) {
        return loop.ticker().nanoTime();
    }

    /** What hears of the session, and may be joined with it. */
    SessionRelay relay() {
        return relay;
    }

    void start() {
        askNext(new LinkException(Reason.CANCELLED));
    }

    /** Nobody waits any more. */
    void abandon() {
        over = true;
        if (unanswered != null && !found) {
            unanswered.reset(ResetReason.USER_CLOSED);
        }
    }

    private void askNext(IOException last) {
        KnownBridge bridge = left.poll();
        if (bridge == null) {
            over = true;
            waiting.failed(last, refused);
            return;
        }
        asked = bridge;
        unanswered = null;
        Future<Session> dial = dialer.start(bridge, options, !left.isEmpty(), relay);
        dial.addListener((Future<Session> done) -> {
            if (!done.isSuccess()) {
                LinkException cause = LinkException.of(done.cause());
                handleFailed(bridge, cause, verdict(cause.reason()), cause.reason() == Reason.CANCELLED);
            } else if (over) {
                done.getNow().reset(ResetReason.USER_CLOSED);
            } else {
                unanswered = done.getNow();
            }
        });
    }

    private static Verdict verdict(Reason reason) {
        return switch (reason) {
            case REFUSED, RESET, TIMEOUT, HOST_UNREACHABLE, FAILED -> Verdict.FAILED;
            case WRONG_PIN, NOT_OUR_SERVER -> Verdict.REFUSED;
            case NETWORK_UNREACHABLE, PROXY, BIND_FAILED, CANCELLED -> Verdict.NONE;
        };
    }

    private static Verdict verdict(CloseReason reason) {
        return switch (reason) {
            case NOT_ADMITTED, BAD_ANSWER, WRONG_PIN -> Verdict.REFUSED;
            case SHUT_DOWN, RESET_LOCALLY -> Verdict.NONE;
            default -> Verdict.FAILED;
        };
    }

    private void handleFailed(KnownBridge bridge, IOException cause, Verdict verdict, boolean last) {
        if (over && verdict == Verdict.NONE) {
            return;
        }
        long now = now(loop);
        String line = "bridge " + bridge + " has not taken a session: " + cause.getMessage();
        if (bridge.isFailing(now)) {
            log.info(line);
        } else {
            log.warning(line);
        }
        refused &= verdict == Verdict.REFUSED;
        switch (verdict) {
            case FAILED -> bridge.handleFailed(now);
            case REFUSED -> bridge.handleRefused(now);
            case NONE -> {}
        }
        if (last) {
            left.clear();
        }
        // What was learned for somebody who has gone is good for the next.
        if (!over) {
            askNext(cause);
        }
    }

    @Override
    public void onAdmitted(Session session) {
        if (!waitsForUtp()) {
            handleTaken(session);
        }
    }

    /** With carrier=utp a bridge whose UDP does not come through is none. */
    private boolean waitsForUtp() {
        return asked != null && asked.arguments().with(options).options().policy() == CarrierPolicy.UTP;
    }

    private void handleTaken(Session session) {
        if (asked != null) {
            asked.handleAccepted();
        }
        if (!over) {
            over = true;
            found = true;
            // The session is in the middle of something.
            loop.execute(() -> waiting.found(session));
        }
    }

    @Override
    public void onCarrierChanged(Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
        journal.onCarrierChanged(session, from, to, cause);
        if (to == CarrierKind.UTP && !found && waitsForUtp()) {
            handleTaken(session);
        }
    }

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        if (found) {
            journal.onClosed(session, reason, detail);
        } else if (asked != null) {
            handleFailed(asked, new IOException(detail), verdict(reason), reason == CloseReason.SHUT_DOWN);
        }
    }
}
