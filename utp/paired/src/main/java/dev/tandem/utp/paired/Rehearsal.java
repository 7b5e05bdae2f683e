package dev.tandem.utp.paired;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
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
     * Sends some MB through a session and back, on an event loop of its own. Blocks for up to half a minute.
     *
     * @return whether the session came to its end
     */
    public static boolean run() throws InterruptedException {
        try (RehearsalBridge bridge = new RehearsalBridge()) {
            EventLoop loop = bridge.loop();
            Traffic traffic = new Traffic();
            Future<Session> dialled = new LinkClient(loop, new CarrierTotals())
                    .dial(bridge.address(), bridge.cert(), LinkConfig.DEFAULT, traffic);
            if (!dialled.await(LIMIT_SECONDS, TimeUnit.SECONDS) || !dialled.isSuccess()) {
                return false;
            }
            loop.execute(() -> {
                dialled.getNow().autoRead(true);
                traffic.onWritabilityChanged(dialled.getNow());
            });
            return traffic.ended.await(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            return false;
        }
    }

    private static final class Traffic implements SessionListener {
        private final CountDownLatch ended = new CountDownLatch(1);
        private int pieces = PIECES;

        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {}

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
        public void onClosed(Session session, CloseReason reason, String detail) {
            ended.countDown();
        }
    }
}
