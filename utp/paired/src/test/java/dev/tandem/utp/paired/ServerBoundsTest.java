package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.BoundCounters.Bound;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The bounds by themselves; that a server keeps them is shown with real sockets elsewhere. */
class ServerBoundsTest {
    private final BoundCounters counters = new BoundCounters();

    @Test
    void boundsConnectionsInTotalAndForEachAddress() {
        ServerBounds bounds = new ServerBounds(ServerLimits.DEFAULT.withHalfOpen(3, 2), counters);
        InetSocketAddress one = new InetSocketAddress("192.0.2.1", 1000);
        Channel first = new EmbeddedChannel();
        assertTrue(bounds.open(first, one));
        assertTrue(bounds.open(new EmbeddedChannel(), new InetSocketAddress("192.0.2.1", 1001)));
        assertFalse(bounds.open(new EmbeddedChannel(), one));
        assertFalse(bounds.open(new EmbeddedChannel(), new InetSocketAddress("64:ff9b::192.0.2.1", 1)));
        assertEquals(Map.of(Bound.HALF_OPEN_PER_ADDRESS, 2L), counters.snapshot());
        assertTrue(bounds.open(new EmbeddedChannel(), new InetSocketAddress("2001:db8::1", 1)));
        assertFalse(bounds.open(new EmbeddedChannel(), new InetSocketAddress("2001:db8:0:1::1", 1)));
        assertEquals(1L, counters.snapshot().get(Bound.HALF_OPEN));
        // Room is made once, however often it is said.
        bounds.decided(first);
        bounds.decided(first);
        assertEquals(2, bounds.halfOpenCount());
        assertTrue(bounds.open(first, one));
        assertFalse(bounds.open(new EmbeddedChannel(), one));
        assertEquals("{\"halfOpen\":2,\"halfOpenPerAddress\":2}", BoundCounters.toJson(counters.snapshot()));
    }

    @Test
    void refusesBoundsOfNothing() {
        assertThrows(IllegalArgumentException.class, () -> ServerLimits.DEFAULT.withSessions(0, 1));
        assertThrows(IllegalArgumentException.class, () -> ServerLimits.DEFAULT.withHandshakesPerSecond(0));
    }

    @Test
    void handshakesBeyondTheRateWaitForTheirTurnInOrder() {
        MockTicker ticker = Ticker.newMockTicker();
        EmbeddedChannel clock = EmbeddedChannel.builder().ticker(ticker).build();
        HandshakePace pace = new HandshakePace(clock.eventLoop(), 10, counters, Bound.HANDSHAKES);
        List<EmbeddedChannel> channels = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            EmbeddedChannel channel = new EmbeddedChannel(pace.turn());
            channels.add(channel);
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {(byte) i}));
        }
        for (int i = 0; i < 25; i++) {
            assertEquals(i < 20 ? 1 : 0, channels.get(i).inboundMessages().size(), "channel " + i);
            assertEquals(i < 20, channels.get(i).config().isAutoRead());
        }
        assertEquals(Map.of(Bound.HANDSHAKES, 5L), counters.snapshot());
        // One of those that wait goes away, and takes nobody's turn.
        channels.get(20).close();
        channels.get(21).writeInbound(Unpooled.wrappedBuffer(new byte[] {99}));
        assertEquals(4, pace.waitingCount());
        ticker.advance(100, TimeUnit.MILLISECONDS);
        clock.runScheduledPendingTasks();
        assertEquals(3, pace.waitingCount());
        ByteBuf both = channels.get(21).readInbound();
        assertEquals(2, both.readableBytes(), "what came while it waited comes behind");
        both.release();
        assertTrue(channels.get(21).config().isAutoRead());
        assertNull(channels.get(22).readInbound());
        ticker.advance(1, TimeUnit.SECONDS);
        clock.runScheduledPendingTasks();
        assertEquals(0, pace.waitingCount());
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
        clock.finishAndReleaseAll();
    }
}
