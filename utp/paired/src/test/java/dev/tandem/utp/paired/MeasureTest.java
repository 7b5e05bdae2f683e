package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.measure.Rate;
import dev.tandem.utp.paired.measure.RateFlow;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Measurements on real sockets, in order and by clients that mean no good: those leave nothing behind, and hurt no session beside. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // faults need no answer
class MeasureTest {
    private static final LinkConfig ONLY_TLS = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    /** Hears of a measured session for a flow, or for a client that does as it likes. */
    private static final class Ears implements SessionListener {
        final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        final CompletableFuture<Void> heard = new CompletableFuture<>();
        final SessionListener user;

        Ears(SessionListener user) {
            this.user = user;
        }

        @Override
        public void onData(Session session, ByteBuf bytes) {
            heard.complete(null);
            user.onData(session, bytes);
        }

        @Override
        public void onEnd(Session session) {
            user.onEnd(session);
        }

        @Override
        public void onWritabilityChanged(Session session) {
            user.onWritabilityChanged(session);
        }

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            user.onClosed(session, reason, detail);
            closed.complete(reason);
        }
    }

    /** Reads, and does nothing. */
    private static class Idle implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }

    private static Session measure(LinkFixture link, LinkConfig config, SessionListener user) throws Exception {
        return await(link.client.measure(link.address, LinkFixture.cert(), config, user));
    }

    private static RateFlow.Result measured(LinkFixture link, LinkConfig config) throws Exception {
        RateFlow flow = new RateFlow(link.clientLoop);
        Ears ears = new Ears(flow);
        Session session = measure(link, config, ears);
        link.onClient(() -> {
            flow.start(session);
            return true;
        });
        RateFlow.Result result = await(flow.result());
        assertEquals(CloseReason.FINISHED, await(ears.closed));
        return result;
    }

    private static void assertNothingIsLeft(LinkFixture link) throws Exception {
        Eventually.holds(
                "the server holds nothing",
                () -> link.onServer(() -> link.server.sessionCount() + link.server.detachedCount()) == 0
                        && link.onServer(link.server::memoryBytes) == 0);
    }

    @ParameterizedTest
    @EnumSource(
            value = CarrierPolicy.class,
            names = {"AUTO", "TLS"})
    void measuresBothDirectionsAndReachesNothingBehindTheServer(CarrierPolicy policy) throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            RateFlow.Result result = measured(link, LinkConfig.DEFAULT.withPolicy(policy));
            assertEquals(RateFlow.End.WHOLE, result.end());
            Rate up = result.up();
            assertNotNull(up);
            // All that may be sent on this machine, or what three seconds are enough for.
            assertTrue(result.down().bytes() > 1 << 20 && result.down().bytes() <= 16 << 20, result.toString());
            assertTrue(up.bytes() > 1 << 20 && up.bytes() <= 16 << 20, result.toString());
            assertTrue(link.accepted.isEmpty(), "nobody is told of a session");
            assertNothingIsLeft(link);
        }
    }

    @Test
    void whoComesTooSoonIsToldSoAndTakesOthersNothing() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            measured(link, ONLY_TLS);
            for (int i = 0; i < 3; i++) {
                Ears second = new Ears(new Idle());
                measure(link, ONLY_TLS, second);
                assertEquals(CloseReason.OVERLOADED, await(second.closed));
                assertEquals(Refusal.MEASURED_JUST_NOW, link.nextRefusal());
            }
            assertNothingIsLeft(link);
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000);
            link.dial(ONLY_TLS, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
        }
    }

    /** A session beside one that misbehaves, which must not feel it. */
    private static void besideASession(LinkFixture link, Misdeed misdeed) throws Exception {
        PatternUser server = PatternUser.server(300_000);
        link.serverUser = () -> server;
        PatternUser client = new PatternUser(1, 2, 100_000, false);
        Session session = link.dial(LinkConfig.DEFAULT, client);
        await(client.ended);
        misdeed.act();
        Eventually.holds("one session is left", () -> link.onServer(link.server::sessionCount) == 1);
        link.onClient(() -> {
            session.finish();
            return true;
        });
        assertEquals(CloseReason.FINISHED, await(client.closed));
        assertEquals(CloseReason.FINISHED, await(server.closed));
        assertNull(client.error);
        assertNull(server.error);
        assertNothingIsLeft(link);
    }

    private interface Misdeed {
        void act() throws Exception;
    }

    /** It begins, and does not read: the window is the server's bound, as for any session. */
    @Test
    void aClientThatDoesNotRead() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            besideASession(link, () -> {
                Ears ears = new Ears(new Idle());
                Session session = measure(link, ONLY_TLS.withBuffers(128 * 1024, 128 * 1024), ears);
                link.onClient(() -> {
                    session.write(Unpooled.buffer().writeByte(1));
                    session.flush();
                    return true;
                });
                Eventually.holds(
                        "it holds its window",
                        () -> link.onClient(() -> session.stats().heldBytes()) == 128 * 1024);
                assertTrue(link.onServer(link.server::memoryBytes) < 6 << 20);
                link.onClient(() -> {
                    session.reset(ResetReason.USER_CLOSED);
                    return true;
                });
                await(ears.closed);
            });
        }
    }

    @Test
    void aClientThatSendsTooMuch() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            besideASession(link, () -> {
                Ears ears = new Ears(new Flood());
                Session session = measure(link, ONLY_TLS, ears);
                link.onClient(() -> {
                    session.autoRead(true);
                    session.write(Unpooled.buffer().writeByte(1));
                    session.flush();
                    return true;
                });
                assertEquals(CloseReason.RESET_BY_PEER, await(ears.closed));
                assertEquals(ResetReason.PROTOCOL_VIOLATION, link.onClient(session::peerResetReason));
            });
        }
    }

    /** Waits until the server has written what it may, and then writes without an end. */
    private static final class Flood extends Idle {
        private final ByteBuf length = Unpooled.buffer(2, 2);
        private int left;
        private boolean over;

        @Override
        public void onData(Session session, ByteBuf bytes) {
            while (bytes.isReadable() && !over) {
                if (left > 0) {
                    int step = Math.min(left, bytes.readableBytes());
                    bytes.skipBytes(step);
                    left -= step;
                } else {
                    length.writeByte(bytes.readByte());
                    if (!length.isWritable()) {
                        left = length.readUnsignedShort();
                        length.clear();
                        over = left == 0;
                    }
                }
            }
            bytes.release();
            write(session);
        }

        @Override
        public void onWritabilityChanged(Session session) {
            write(session);
        }

        private void write(Session session) {
            while (over && session.isWritable() && session.closeReason() == null) {
                session.write(Unpooled.buffer().writeShort(16_000).writeZero(16_000));
                session.flush();
            }
        }
    }

    /** Its carriers are gone in mid-measure, and it does not come back. */
    @Test
    void aClientThatGoesAway() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            besideASession(link, () -> {
                RateFlow flow = new RateFlow(link.clientLoop);
                Ears ears = new Ears(flow);
                Session session = measure(link, ONLY_TLS.withBuffers(64 * 1024, 64 * 1024), ears);
                link.onClient(() -> {
                    flow.start(session);
                    return true;
                });
                await(ears.heard);
                link.onClient(() -> {
                    // Nothing more is dialled: the session is over on this side, and its connection is cut.
                    network.tcpChannels.get(network.tcpChannels.size() - 1).close();
                    session.reset(ResetReason.USER_CLOSED);
                    return true;
                });
                assertEquals(RateFlow.End.CLOSED, await(flow.result()).end());
            });
        }
    }

    @Test
    void aServerThatStopsInMidMeasure() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            RateFlow flow = new RateFlow(link.clientLoop);
            Ears ears = new Ears(flow);
            Session session = measure(link, ONLY_TLS.withBuffers(64 * 1024, 64 * 1024), ears);
            link.onClient(() -> {
                flow.start(session);
                return true;
            });
            await(ears.heard);
            await(link.server.close());
            RateFlow.Result result = await(flow.result());
            assertNull(result.up());
            assertEquals(RateFlow.End.CLOSED, result.end());
            assertTrue(result.down().bytes() > 0);
        }
    }
}
