package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RehearsalBridgeTest {
    /** Far below the minute for which a session waits for a bridge that is gone without a word. */
    private static final int LIMIT_SECONDS = 20;

    @Test
    void itsSessionsEndWithIt() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        RehearsalBridge bridge = new RehearsalBridge();
        try {
            new LinkClient(group.next(), new CarrierTotals())
                    .dial(bridge.address(), bridge.cert(), LinkConfig.DEFAULT, new Ended(closed))
                    .sync();
        } finally {
            bridge.close();
        }
        assertTrue(closed.await(LIMIT_SECONDS, TimeUnit.SECONDS));
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private record Ended(CountDownLatch closed) implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            closed.countDown();
        }
    }
}
