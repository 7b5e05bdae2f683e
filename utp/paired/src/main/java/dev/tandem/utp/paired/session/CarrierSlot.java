package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierKind;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** What a session knows of one of its two carriers. */
final class CarrierSlot {
    final CarrierKind kind;
    final RttEstimator rtt = new RttEstimator();
    final FrameDecoder decoder;

    @Nullable
    Carrier carrier;
    /** µTP: the number of the pairing that it came from. */
    int attempt;
    /** The peer was heard on it: what is sent on it will be understood. */
    boolean confirmed;
    /** No progress with data outstanding; not to be sent on until it answers. */
    boolean stalled;
    /** One past the highest offset that only this carrier may still deliver, END counted as one. */
    long sentEnd;

    /** Payload given to it and first received on it, over all connections of this kind. */
    long payloadSent;

    long payloadReceived;

    /**
     * When an ACK is due on this carrier; NEVER if none is. What came in on a carrier is acknowledged on it: the other
     * one may be dead in that direction.
     */
    long ackAtNanos = SessionCore.NEVER;
    /** Payload bytes that came in here since the last ACK here. */
    int unacknowledged;

    /** The PING to answer, if {@link #pongDue}. Only the last one is: it tells as much as all of them. */
    long pongToken;

    boolean pongDue;

    boolean pingDue;
    long pingToken;
    /** When the unanswered PING was sent; NEVER if there is none. */
    long pingAtNanos = SessionCore.NEVER;

    /** When anything came on it last, its own coming included. */
    long heardAtNanos;
    /** Payload bytes that came in here since it was asked last whether it lives. */
    int heardBytes;

    CarrierSlot(CarrierKind kind, ByteBufAllocator allocator) {
        this.kind = kind;
        this.decoder = new FrameDecoder(allocator);
    }

    boolean isAttached() {
        return carrier != null;
    }

    /** Attached, and not taking anything now. */
    boolean isFull() {
        return carrier != null && !carrier.isWritable();
    }

    boolean isUsable() {
        return carrier != null && confirmed && !stalled;
    }

    void scheduleAck(long atNanos) {
        ackAtNanos = Math.min(ackAtNanos, atNanos);
    }

    /** An ACK that a full carrier does not take goes out when it is writable again, without a timer. */
    long ackDeadlineNanos() {
        return carrier != null && carrier.isWritable() ? ackAtNanos : SessionCore.NEVER;
    }

    /** Asks for a PING, unless one is unanswered. */
    void ping() {
        pingDue = pingAtNanos == SessionCore.NEVER;
    }

    boolean isPingUnanswered() {
        return pingDue || pingAtNanos != SessionCore.NEVER;
    }

    boolean hasControl() {
        return pongDue || pingDue;
    }

    /** Forgets everything but the round-trip time, which is the path's. */
    void clear() {
        carrier = null;
        confirmed = false;
        stalled = false;
        sentEnd = 0;
        attempt = 0;
        ackAtNanos = SessionCore.NEVER;
        unacknowledged = 0;
        heardBytes = 0;
        pongDue = false;
        pingDue = false;
        pingAtNanos = SessionCore.NEVER;
        decoder.release();
    }
}
