package dev.tandem.utp.paired;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.InetSocketAddress;

/** Dials sessions to bridges. Everything runs on one event loop. */
public final class LinkClient {
    /** A client on the machine's own network. */
    public LinkClient(EventLoop loop, CarrierTotals totals) {
        this(loop, totals, LinkNetwork.standard());
    }

    public LinkClient(EventLoop loop, CarrierTotals totals, LinkNetwork network) {}

    /**
     * Dials TCP, and µTP at the same time unless the policy is {@code tls}. May be called on any thread.
     *
     * <p>The future succeeds when TLS is up and the pin is verified: bytes written by its listeners leave in the same
     * flight as the proof of the bridge's secret. What fails later closes the session. It fails with a
     * {@link LinkException}. Cancelling it ends the dial.
     *
     * @param bridge the bridge's TCP and UDP address, resolved
     * @param cert what {@code cert=} in the bridge line said
     * @param listener who hears of the session; not called before the future has succeeded
     */
    public Future<Session> dial(
            InetSocketAddress bridge, BridgeCert cert, LinkConfig config, SessionListener listener) {
        return ImmediateEventExecutor.INSTANCE.newFailedFuture(new UnsupportedOperationException("not built yet"));
    }

    /** Resets all sessions and fails all dials. The future succeeds when all channels are closed. */
    public Future<Void> close() {
        return ImmediateEventExecutor.INSTANCE.newFailedFuture(new UnsupportedOperationException("not built yet"));
    }
}
