package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.tandem.utp.paired.crypto.LinkKeys;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who goes when sessions without a carrier are too many, or too large. */
class DetachedSessionsTest {
    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final BoundCounters counters = new BoundCounters();
    private final List<LinkSession> all = new ArrayList<>();
    private DetachedSessions sessions = new DetachedSessions(1_000, 1_000_000, counters);

    /** What the server does of it: a session that is over is none of these any more. */
    private final class Owner implements LinkSession.Owner {
        @Override
        public void dialUtp(LinkSession session) {}

        @Override
        public void cancelUtpDial(LinkSession session) {}

        @Override
        public void utpWorks(LinkSession session) {}

        @Override
        public void expectPairing(LinkSession session, int attempt) {}

        @Override
        public void dialTls(LinkSession session, long connectNanos) {}

        @Override
        public void cancelTlsDial(LinkSession session) {}

        @Override
        public long jitterNanos(long most) {
            return 0;
        }

        @Override
        public void detached(LinkSession session, boolean now) {}

        @Override
        public void closed(LinkSession session) {
            sessions.remove(session);
        }
    }

    @AfterEach
    void closeAll() {
        all.forEach(session -> session.close(CloseReason.SHUT_DOWN, null));
        loop.finishAndReleaseAll();
    }

    /** A session of a client there that holds so much, without a carrier. */
    private LinkSession detach(String from, int bytes) {
        String name = "session " + all.size();
        LinkKeys keys = LinkKeys.derive(
                (label, length) -> Arrays.copyOf((name + label).getBytes(StandardCharsets.US_ASCII), length),
                new byte[32]);
        LinkSession session = new LinkSession(
                loop.eventLoop(),
                false,
                CarrierPolicy.AUTO,
                LinkConfig.DEFAULT,
                new CarrierTotals(),
                new InetSocketAddress(from, 1_000 + all.size()),
                keys,
                new Owner());
        all.add(session);
        session.write(Unpooled.wrappedBuffer(new byte[bytes]));
        sessions.add(session);
        sessions.detach(session);
        return session;
    }

    /** At the bound on bytes he could put out all others, each with a session that is open for a moment. */
    @Test
    void whoHoldsMostMakesRoomAndNotTheOthers() {
        LinkSession oldest = detach("192.0.2.1", 100_000);
        LinkSession second = detach("2001:db8::1", 300_000);
        List<LinkSession> greedy = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            greedy.add(detach("192.0.2.99", 100_000));
        }
        assertNull(oldest.closeReason());
        assertNull(second.closeReason());
        assertEquals(2 + 6, sessions.count());
        for (int i = 0; i < 100; i++) {
            assertEquals(i < 94 ? CloseReason.DISPLACED : null, greedy.get(i).closeReason(), "session " + i);
        }
        assertEquals(94L, counters.snapshot().get(BoundCounters.Bound.DETACHED));
    }

    /** Not the latest comer, and not the oldest of all. */
    @Test
    void anotherAddressesSessionThatDoesNotFitDisplacesTheLargestHolders() {
        LinkSession own = detach("192.0.2.1", 10_000);
        LinkSession empty = detach("192.0.2.99", 0);
        LinkSession large = detach("192.0.2.99", 600_000);
        LinkSession larger = detach("192.0.2.99", 380_000);
        LinkSession late = detach("192.0.2.2", 100_000);
        assertEquals(CloseReason.DISPLACED, large.closeReason());
        assertNull(own.closeReason());
        assertNull(empty.closeReason(), "its end would make no room");
        assertNull(larger.closeReason());
        assertNull(late.closeReason());
    }

    @Test
    void theBoundOnTheirNumberIsSharedAlike() {
        sessions = new DetachedSessions(4, 1_000_000, counters);
        LinkSession large = detach("192.0.2.1", 500_000);
        LinkSession first = detach("2001:db8::1", 1);
        LinkSession sameNetwork = detach("2001:db8::ffff:1", 1);
        LinkSession third = detach("2001:db8::2", 1);
        LinkSession late = detach("192.0.2.2", 1);
        assertEquals(CloseReason.DISPLACED, first.closeReason());
        for (LinkSession kept : List.of(large, sameNetwork, third, late)) {
            assertNull(kept.closeReason());
        }
    }

    @Test
    void whoCameBackCountsNoMore() {
        sessions = new DetachedSessions(3, 1_000_000, counters);
        LinkSession back = detach("192.0.2.1", 1);
        sessions.attach(back);
        sessions.attach(back);
        LinkSession again = detach("192.0.2.1", 1);
        LinkSession one = detach("192.0.2.2", 1);
        LinkSession two = detach("192.0.2.2", 1);
        assertEquals(3, sessions.count());
        detach("192.0.2.3", 1);
        assertEquals(CloseReason.DISPLACED, one.closeReason());
        for (LinkSession kept : List.of(back, again, two)) {
            assertNull(kept.closeReason());
        }
        assertEquals(back, sessions.find(back.id()));
    }
}
