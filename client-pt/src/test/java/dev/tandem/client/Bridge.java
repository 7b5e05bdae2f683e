package dev.tandem.client;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkServer;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.ServerLimits;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A bridge of this transport that sends back what comes, unless it is told otherwise. */
final class Bridge implements AutoCloseable {
    static final ServerIdentity IDENTITY = ServerIdentity.generate(new SecureRandom());
    static final String CERT = IDENTITY.bridgeCert().encoded();

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final LinkServer server;
    final InetSocketAddress address;

    Bridge() {
        this(Echo::new);
    }

    Bridge(Supplier<SessionListener> listeners) {
        this(listeners, LinkConfig.DEFAULT);
    }

    Bridge(Supplier<SessionListener> listeners, LinkConfig config) {
        this(listeners, config, IDENTITY);
    }

    private Bridge(Supplier<SessionListener> listeners, LinkConfig config, ServerIdentity identity) {
        server = new LinkServer(group.next(), new CarrierTotals(), identity, config, session -> {
            session.autoRead(true);
            return listeners.get();
        });
        address = server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .awaitUninterruptibly()
                .getNow();
    }

    /** One that sends back what comes, and takes so many sessions. */
    static Bridge ofSessions(int most) {
        return new Bridge(Echo::new, LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT.withSessions(most, most)));
    }

    /** One that shows strangers another key than clients, as those do that an operator runs, and sends back what comes. */
    static Bridge withFront() {
        ServerIdentity front = ServerIdentity.generate(new SecureRandom());
        return new Bridge(Echo::new, LinkConfig.DEFAULT, IDENTITY.withFront(front));
    }

    static final class Echo implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            session.write(bytes);
        }

        @Override
        public void onDataComplete(Session session) {
            session.flush();
            session.autoRead(session.isWritable());
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {
            session.autoRead(session.isWritable());
        }

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }

    /** Begins to stop; its sessions are reset. */
    void stop() {
        server.close();
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
