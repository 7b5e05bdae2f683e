package dev.tandem.utp.paired;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.InetSocketAddress;

/** Accepts sessions on one address and port, TCP and µTP. Everything runs on one event loop. */
public final class LinkServer {
    /** A server on the machine's own network. */
    public LinkServer(
            EventLoop loop,
            CarrierTotals totals,
            ServerIdentity identity,
            LinkConfig config,
            SessionAcceptor acceptor) {
        this(loop, totals, identity, config, acceptor, LinkNetwork.standard());
    }

    public LinkServer(
            EventLoop loop,
            CarrierTotals totals,
            ServerIdentity identity,
            LinkConfig config,
            SessionAcceptor acceptor,
            LinkNetwork network) {}

    /**
     * Listens on TCP and, unless the policy is {@code tls}, on UDP of the same port: both or neither. Port 0 takes a
     * port that is free for both. May be called on any thread, once.
     *
     * @return the address listened on, port filled in; fails with the bind's exception
     */
    public Future<InetSocketAddress> bind(InetSocketAddress address) {
        return ImmediateEventExecutor.INSTANCE.newFailedFuture(new UnsupportedOperationException("not built yet"));
    }

    /** Stops listening; sessions go on. */
    public Future<Void> stopListening() {
        return ImmediateEventExecutor.INSTANCE.newFailedFuture(new UnsupportedOperationException("not built yet"));
    }

    /** Stops listening and resets all sessions. The future succeeds when all channels are closed. */
    public Future<Void> close() {
        return ImmediateEventExecutor.INSTANCE.newFailedFuture(new UnsupportedOperationException("not built yet"));
    }

    /** Sessions open now. On the event loop. */
    public int sessionCount() {
        return 0;
    }
}
