package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What a session core asks of, and tells, its surroundings. Calls back into the core are allowed: they change its
 * state, and take effect when the outer call goes on.
 */
public interface SessionHost {
    /** The next bytes in order. The callee owns the buffer. */
    void deliver(ByteBuf bytes);

    /** The end of a run of {@link #deliver}. */
    void deliverComplete();

    /** The other direction's end, behind all its bytes. */
    void deliverEnd();

    void writabilityChanged();

    /**
     * This side sends on another carrier now; null is none.
     *
     * @param detail the cause as a single line for a log
     */
    void carrierChanged(@Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause, String detail);

    /** Payload given to a carrier. */
    void payloadSent(CarrierKind kind, int bytes);

    /** Payload that came first on a carrier. */
    void payloadReceived(CarrierKind kind, int bytes);

    /**
     * Client: dial µTP now; then {@link SessionCore#beginPairing}, {@link SessionCore#attach} or
     * {@link SessionCore#handleUtpDialFailed}. Or, at once, {@link SessionCore#postponeUtpDial}.
     */
    void dialUtp();

    /** Client: give up a dial of µTP that is still under way. */
    void cancelUtpDial();

    /** Server: a µTP connection with the identifier of this attempt is to come. */
    void expectPairing(int attempt);

    /**
     * Client: dial TLS now and resume on it; then {@link SessionCore#resume} or {@link SessionCore#handleTlsDialFailed}.
     *
     * @param connectNanos how long TCP may take
     */
    void dialTls(long connectNanos);

    /** Client: give up a dial of TLS that is still under way. */
    void cancelTlsDial();

    /**
     * Client: a time to wait longer before dialling again, at random from 0 to {@code most}: what many clients lost at one
     * moment they are not to dial at one moment.
     */
    default long jitterNanos(long most) {
        return 0;
    }

    /** No carrier is left (true): the session waits for its client to come back. Or one is there again (false). */
    void detached(boolean now);

    /** The session is over. Its carriers are closed already, or closing. */
    void closed(CloseReason reason, String detail);
}
