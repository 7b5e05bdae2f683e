package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client is told whose proof has not come to the server. */
@Timeout(60)
class UnansweredProofTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    /** Lets the ClientHello go, and swallows all behind it, as the path may do. */
    private static final class Swallow extends ChannelOutboundHandlerAdapter {
        private boolean helloGone;
        private @Nullable ChannelHandlerContext context;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (helloGone) {
                ReferenceCountUtil.release(message);
                promise.trySuccess();
            } else {
                ctx.write(message, promise);
            }
        }

        @Override
        public void flush(ChannelHandlerContext ctx) {
            helloGone = true;
            ctx.flush();
        }

        /** The connection is cut off. */
        void cut() {
            Objects.requireNonNull(context).close();
        }
    }

    /** That µTP is open says nothing, if the server does not know whose it is. */
    @Test
    void aConnectionThatBreaksIsNoticedAtOnce() throws Exception {
        StandInNetwork network = new StandInNetwork();
        Swallow swallow = new Swallow();
        network.tcpFault = swallow;
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser user = PatternUser.client(1000);
            link.dial(LinkConfig.DEFAULT, user);
            Eventually.holds("µTP waits for its session", () -> link.onServer(link.server::unmatchedCount) == 1);
            link.onClient(() -> {
                swallow.cut();
                return true;
            });
            assertEquals(CloseReason.CARRIERS_LOST, await(user.closed));
            assertEquals("tls was cut off", user.closeDetail);
        }
    }

    /** The server has waited as long as it does, and then ends the connection in order: it does not know the client's proof. */
    @Test
    void aServerThatHasWaitedInVainHasNotTurnedTheProofDown() throws Exception {
        StandInNetwork network = new StandInNetwork();
        network.tcpFault = new Swallow();
        LinkConfig impatient = LinkConfig.DEFAULT.withTimeouts(LONG, Duration.ofSeconds(1), LONG, LONG);
        assertTrue(WarmUp.handshake());
        try (LinkFixture link = new LinkFixture(network, impatient)) {
            PatternUser user = PatternUser.client(1000);
            link.dial(LinkConfig.DEFAULT.withTimeouts(LONG, LONG, Duration.ofMillis(1_200), LONG), user);
            assertEquals(CloseReason.ADMISSION_TIMEOUT, await(user.closed));
        }
    }
}
