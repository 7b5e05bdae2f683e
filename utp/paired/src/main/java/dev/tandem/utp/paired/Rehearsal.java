package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A session of this process with itself, over both carriers on the loopback device: all that a proxy does in its life, without
 * a peer. From what it loads the archive of classes is made.
 */
public final class Rehearsal {
    private static final int PIECE_BYTES = 16 << 10;
    private static final int PIECES = 256;
    private static final int LIMIT_SECONDS = 30;

    private Rehearsal() {}

    /**
     * Sends some MB through a session, on an event loop of its own. Blocks for up to half a minute.
     *
     * @return whether the session came to its end
     */
    public static boolean run() throws InterruptedException {
        EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
        try {
            ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
            LinkServer server = new LinkServer(
                    loop, new CarrierTotals(), identity, LinkConfig.DEFAULT, session -> reader(loop, session));
            Future<InetSocketAddress> bound = server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            if (!bound.await(LIMIT_SECONDS, TimeUnit.SECONDS) || !bound.isSuccess()) {
                return false;
            }
            Sender sender = new Sender();
            Future<Session> dialled = new LinkClient(loop, new CarrierTotals())
                    .dial(bound.getNow(), identity.bridgeCert(), LinkConfig.DEFAULT, sender);
            if (!dialled.await(LIMIT_SECONDS, TimeUnit.SECONDS) || !dialled.isSuccess()) {
                return false;
            }
            loop.execute(() -> {
                dialled.getNow().autoRead(true);
                sender.onWritabilityChanged(dialled.getNow());
            });
            return sender.ended.await(LIMIT_SECONDS, TimeUnit.SECONDS);
        } finally {
            loop.parent().shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private static SessionListener reader(EventLoop loop, Session session) {
        loop.execute(() -> session.autoRead(true));
        return new Reader();
    }

    /** Takes what comes, and ends when the other side does. */
    private static class Reader implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
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

    private static final class Sender extends Reader {
        private final CountDownLatch ended = new CountDownLatch(1);
        private int pieces = PIECES;

        @Override
        public void onWritabilityChanged(Session session) {
            for (; session.isWritable() && pieces > 0; pieces--) {
                session.write(ByteBufAllocator.DEFAULT.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES));
            }
            if (pieces == 0) {
                session.finish();
            } else {
                session.flush();
            }
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            ended.countDown();
        }
    }
}
