package dev.tandem.client.doctor;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Hears of one session, and when what happened, as {@link System#nanoTime}. */
final class Watch implements SessionListener {
    /** How a session ended. */
    record Closed(CloseReason reason, String detail) {}

    private final CompletableFuture<Long> admitted = new CompletableFuture<>();
    private final CompletableFuture<Long> paired = new CompletableFuture<>();
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private @Nullable SessionListener user;

    /** When the bridge accepted the proof. */
    CompletableFuture<Long> admitted() {
        return admitted;
    }

    /** When this side first sent on µTP. */
    CompletableFuture<Long> paired() {
        return paired;
    }

    /** That the session is over. */
    CompletableFuture<Closed> closed() {
        return closed;
    }

    /** Tells another one as well, from now on, who owns what comes. On the event loop. */
    void hand(SessionListener listener) {
        user = listener;
    }

    @Override
    public void onAdmitted(Session session) {
        admitted.complete(System.nanoTime());
    }

    @Override
    public void onData(Session session, ByteBuf bytes) {
        if (user != null) {
            user.onData(session, bytes);
        } else {
            bytes.release();
        }
    }

    @Override
    public void onEnd(Session session) {
        if (user != null) {
            user.onEnd(session);
        }
    }

    @Override
    public void onWritabilityChanged(Session session) {
        if (user != null) {
            user.onWritabilityChanged(session);
        }
    }

    @Override
    public void onCarrierChanged(Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
        if (to == CarrierKind.UTP) {
            paired.complete(System.nanoTime());
        }
    }

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        closed.complete(new Closed(reason, detail));
        if (user != null) {
            user.onClosed(session, reason, detail);
        }
    }
}
