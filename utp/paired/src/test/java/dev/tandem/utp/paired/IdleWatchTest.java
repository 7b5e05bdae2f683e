package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Sessions without bytes. */
class IdleWatchTest {
    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel clock =
            EmbeddedChannel.builder().ticker(ticker).build();
    private boolean busy;
    private int idle;

    private void advance(long seconds) {
        ticker.advance(seconds, TimeUnit.SECONDS);
        clock.runScheduledPendingTasks();
    }

    @Test
    void countsFromTheLastByteAndTellsOnce() {
        IdleWatch watch = new IdleWatch(clock.eventLoop(), TimeUnit.SECONDS.toNanos(10), () -> busy, () -> idle++);
        advance(7);
        watch.handleBytes();
        advance(4);
        assertEquals(0, idle, "10 s after the start, and 4 s after a byte");
        advance(5);
        assertEquals(0, idle);
        advance(1);
        assertEquals(1, idle);
        advance(100);
        assertEquals(1, idle);
    }

    @Test
    void takesWhatIsOnItsWayForNoIdleness() {
        IdleWatch watch = new IdleWatch(clock.eventLoop(), TimeUnit.SECONDS.toNanos(10), () -> busy, () -> idle++);
        busy = true;
        advance(11);
        assertEquals(0, idle);
        busy = false;
        advance(10);
        assertEquals(1, idle);
        watch.cancel();
    }

    @Test
    void isOverWithTheSession() {
        new IdleWatch(clock.eventLoop(), TimeUnit.SECONDS.toNanos(10), () -> busy, () -> idle++).cancel();
        advance(11);
        assertEquals(0, idle);
    }

    /** On real sockets, with the shortest time that there is: the client's side says why, and the server is told. */
    @Test
    void aSessionThatIsIdleEndsOnBothSides() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 1000, false);
            Session session = link.dial(LinkConfig.DEFAULT.withIdleTimeout(Duration.ofSeconds(1)), client);
            assertEquals(CloseReason.IDLE, await(client.closed));
            assertEquals(CloseReason.RESET_BY_PEER, await(server.closed));
            assertEquals(ResetReason.IDLE, link.accepted.get(0).peerResetReason());
            assertEquals(1000, client.read);
            assertEquals(1000, server.read);
            assertNull(client.error);
            assertFalse(session.isWritable());
        }
    }
}
