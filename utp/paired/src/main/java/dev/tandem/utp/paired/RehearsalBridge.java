package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;

/** A bridge in this process, on the loopback device, which sends back what comes. For rehearsals: it does not wait for its reader. */
public final class RehearsalBridge implements AutoCloseable {
    private static final int LIMIT_SECONDS = 30;

    private final EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
    private final ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
    private final LinkServer server;
    private final InetSocketAddress address;

    /**
     * Starts it, on an event loop of its own. Blocks for up to half a minute.
     *
     * @throws IOException if it can have no port
     */
    public RehearsalBridge() throws IOException, InterruptedException {
        server = new LinkServer(loop, new CarrierTotals(), identity, LinkConfig.DEFAULT, session -> {
            loop.execute(() -> session.autoRead(true));
            return new Echo();
        });
        Future<InetSocketAddress> bound = server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        if (!bound.await(LIMIT_SECONDS, TimeUnit.SECONDS) || !bound.isSuccess()) {
            close();
            throw new IOException("no port on the loopback device", bound.cause());
        }
        address = bound.getNow();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** What its clients must have. */
    public BridgeCert cert() {
        return identity.bridgeCert();
    }

    /** Its event loop, which a client may share. */
    EventLoop loop() {
        return loop;
    }

    /** Resets its sessions, which lets go of what they hold, and ends; does not wait for that. */
    @Override
    public void close() {
        server.close().addListener(closed -> loop.parent().shutdownGracefully(0, 1, TimeUnit.SECONDS));
    }

    private static final class Echo implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            session.write(bytes);
            session.flush();
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }
}
