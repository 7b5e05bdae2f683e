package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** What a session tells its user, on the session's event loop. */
public interface SessionListener {
    /** Bytes in order. The callee owns the buffer. */
    void onData(Session session, ByteBuf bytes);

    /** The end of a run of {@link #onData}: the moment to flush what was made of it. */
    default void onDataComplete(Session session) {}

    /** The other side ended its direction; all its bytes were delivered. */
    void onEnd(Session session);

    /** {@link Session#isWritable} changed. */
    void onWritabilityChanged(Session session);

    /**
     * This side sends on another carrier now. Null means none: at the start, and while {@code carrier=utp} waits.
     *
     * @param cause a single line for a log, no address in it
     */
    default void onCarrierChanged(
            Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {}

    /** Client: the bridge has accepted the proof of its secret. Told once, paused or not. */
    default void onAdmitted(Session session) {}

    /**
     * The session is over; nothing comes after this. Told once, also to a session that this side reset.
     *
     * @param detail a single line for a log, no address in it
     */
    void onClosed(Session session, CloseReason reason, String detail);
}
