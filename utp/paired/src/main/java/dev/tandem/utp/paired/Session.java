package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One connection of tor over the link: an ordered byte stream in each direction, which one or two carriers bear.
 * Every call is made on the session's event loop, and every callback comes on it.
 *
 * <p>A session starts paused: its listener gets nothing but {@code onClosed} before {@link #autoRead autoRead(true)}.
 */
public interface Session {
    /**
     * Takes over the buffer and appends its bytes. Bytes are always taken, even when the session is not writable; who
     * goes on writing then has no bound on memory. Ignored, the buffer released, once the session is closed.
     *
     * @throws IllegalStateException after {@link #finish}
     */
    void write(ByteBuf bytes);

    /** Puts what was written onto the carrier, as far as it takes it. Call it once at the end of a read. */
    void flush();

    /**
     * Whether the sending carrier will take more soon, and the retransmission buffer has room. Every change is told
     * to {@link SessionListener#onWritabilityChanged}.
     */
    boolean isWritable();

    /** Ends this side's direction behind the bytes written; the other direction goes on. Flushes. Idempotent. */
    void finish();

    /** Ends the session at once in both directions, and tells the other side why. Idempotent. */
    void reset(ResetReason reason);

    /**
     * Whether incoming bytes are delivered. While off, at most the receive window is held. Off at the start. When the other
     * side resets the session, what is held in order is delivered all the same, before {@code onClosed}.
     */
    void autoRead(boolean on);

    /** Counters of this session, as of now. */
    SessionStats stats();

    /** Null while the session is open. */
    @Nullable
    CloseReason closeReason();

    /** What the other side's RESET said; null if there was none. */
    @Nullable
    ResetReason peerResetReason();

    /** The other end of the TLS carrier (on a server: where the client comes from). Not for logs. */
    InetSocketAddress remoteAddress();

    /** The carrier that this side sends on; null while {@code carrier=utp} waits for µTP, and once closed. */
    @Nullable
    CarrierKind sendingCarrier();
}
