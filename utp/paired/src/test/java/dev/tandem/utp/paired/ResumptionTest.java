package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.admission.Resume;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.SessionId;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.ResumePoint;
import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions that lose TLS, or all they have, and come back; and those who pretend to. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // faults need no answer
class ResumptionTest {
    private static final long FIVE_MEGABYTES = 5_000_000;
    private static final LinkConfig TLS = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    private static void assertExact(PatternUser client, PatternUser server, long up, long down) throws Exception {
        assertEquals(CloseReason.FINISHED, await(client.closed));
        assertEquals(CloseReason.FINISHED, await(server.closed));
        assertNull(client.error);
        assertNull(server.error);
        assertEquals(down, client.read);
        assertEquals(up, server.read);
    }

    /** On the channel's event loop. */
    private static void cut(Channel channel) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            channel.close();
        }
    }

    @RepeatedTest(5)
    void tlsThatIsResetUnderUtpIsReplacedWhileUtpGoesOn() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(FIVE_MEGABYTES).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, FIVE_MEGABYTES, false)
                    .onUtpOnly()
                    .when(1_000_000, () -> cut(network.tcpChannels.get(0)));
            Session session = link.dial(LinkConfig.DEFAULT, client);
            Eventually.holds(
                    "TLS is back", () -> link.onClient(() -> session.stats().resumptions()) > 0);
            await(client.ended);
            Eventually.holds("all is there", () -> server.read == FIVE_MEGABYTES);
            link.onClient(() -> {
                session.finish();
                return true;
            });
            assertExact(client, server, FIVE_MEGABYTES, FIVE_MEGABYTES);
            // That there is no gap is shown in virtual time: here a busy machine makes gaps of its own.
            assertTrue(link.clientTotals.snapshot().receivedUtp() >= 1_000_000);
        }
    }

    @RepeatedTest(5)
    void bothLostInMidTransferIsAPause() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(FIVE_MEGABYTES).onUtpOnly();
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(FIVE_MEGABYTES)
                    .onUtpOnly()
                    .when(1_000_000, () -> {
                        cut(network.utpChannels.get(0));
                        cut(network.tcpChannels.get(0));
                    })
                    .when(2_000_000, () -> {
                        network.utpChannels.forEach(ResumptionTest::cut);
                        network.tcpChannels.forEach(ResumptionTest::cut);
                    });
            link.dial(LinkConfig.DEFAULT, client);
            assertExact(client, server, FIVE_MEGABYTES, FIVE_MEGABYTES);
            assertTrue(link.clientTotals.snapshot().resumptions() > 0);
            Map<CarrierKind, Long> redials = link.clientTotals.events().redials();
            assertTrue(redials.values().stream().allMatch(times -> times > 0), redials::toString);
            assertEquals(1, link.clientTotals.events().closed().get(CloseReason.FINISHED));
            assertEquals(0, (int) link.onServer(link.server::detachedCount));
            assertEquals(1, link.clientTotals.snapshot().sessionsOpened());
        }
    }

    /** A session over TLS through a relay. */
    private static Session dial(LinkFixture link, TcpRelay relay, PatternUser user) throws Exception {
        Session session = await(link.client.dial(relay.address(), LinkFixture.cert(), TLS, user));
        link.onClient(() -> {
            user.start(session, true);
            return true;
        });
        return session;
    }

    @Test
    void tlsThatIsSwallowedInMidTransferIsReplaced() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser server = PatternUser.server(FIVE_MEGABYTES);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000).when(1_000_000, relay::silenceAll);
            dial(link, relay, client);
            assertExact(client, server, 1000, FIVE_MEGABYTES);
            assertTrue(link.clientTotals.snapshot().resumptions() > 0);
        }
    }

    @Test
    void theClientGoesOnDiallingUntilTheNetworkIsBack() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser server = PatternUser.server(FIVE_MEGABYTES);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000).when(1_000_000, () -> {
                relay.refusing = true;
                relay.resetAll();
            });
            dial(link, relay, client);
            Eventually.holds("some dials have failed", () -> relay.accepted.get() > 3);
            assertEquals(1, (int) link.onServer(link.server::detachedCount));
            relay.refusing = false;
            assertExact(client, server, 1000, FIVE_MEGABYTES);
        }
    }

    @Test
    void aServerThatWasRestartedSaysSoAndTheSessionCloses() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT);
                LinkFixture restarted = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser client = PatternUser.client(1000);
            link.serverUser = () -> new PatternUser(2, 1, 1000, false);
            Session session = dial(link, relay, client);
            Eventually.holds("the first bytes came", () -> client.read == 1000);
            relay.target = restarted.address;
            relay.resetAll();
            assertEquals(CloseReason.SESSION_UNKNOWN, await(client.closed));
            assertEquals(Refusal.UNKNOWN_SESSION, restarted.nextRefusal());
            assertEquals(CloseReason.SESSION_UNKNOWN, link.onClient(session::closeReason));
        }
    }

    @Test
    void anotherServerInItsPlaceEndsTheSession() throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser client = PatternUser.client(1000);
            link.serverUser = () -> new PatternUser(2, 1, 1000, false);
            LinkServer other = new LinkServer(
                    link.serverLoop,
                    link.serverTotals,
                    ServerIdentity.generate(new SecureRandom()),
                    TLS,
                    link,
                    new StandInNetwork());
            dial(link, relay, client);
            Eventually.holds("the first bytes came", () -> client.read == 1000);
            relay.target = await(other.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
            relay.resetAll();
            assertEquals(CloseReason.WRONG_PIN, await(client.closed));
            await(other.close());
        }
    }

    @Test
    void sessionsWithoutACarrierAreBoundedInNumberBytesAndTime() throws Exception {
        LinkConfig two = LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT.withDetached(2, 1 << 20));
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), two);
                TcpRelay relay = new TcpRelay(link.address)) {
            link.serverUser = () -> new PatternUser(2, 1, 1000, false);
            List<PatternUser> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                PatternUser client = new PatternUser(1, 2, 1000, false);
                clients.add(client);
                dial(link, relay, client);
                Eventually.holds("the first bytes came", () -> client.read == 1000);
            }
            relay.refusing = true;
            relay.resetAll();
            Eventually.holds(
                    "one made room",
                    () -> link.serverTotals.snapshot().bounds().equals(Map.of(BoundCounters.Bound.DETACHED, 1L)));
            assertEquals(2, (int) link.onServer(link.server::detachedCount));
            relay.refusing = false;
            Eventually.holds(
                    "one learns it",
                    () -> clients.stream()
                                    .filter(user -> user.closed.getNow(null) == CloseReason.SESSION_UNKNOWN)
                                    .count()
                            == 1);
            Eventually.holds("two are back", () -> link.serverTotals.snapshot().resumptions() >= 2);
            assertEquals(0, (int) link.onServer(link.server::detachedCount));
        }
        LinkConfig hasty = LinkConfig.DEFAULT.withDetachedTimeout(Duration.ofMillis(100));
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), hasty);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser server = new PatternUser(2, 1, 1000, false);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 1000, false);
            dial(link, relay, client);
            Eventually.holds("the first bytes came", () -> client.read == 1000);
            relay.refusing = true;
            relay.resetAll();
            assertEquals(CloseReason.CARRIERS_LOST, await(server.closed));
            assertEquals(0, (int) link.onServer(link.server::detachedCount));
        }
        LinkConfig small = LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT.withDetached(10, 100));
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), small);
                TcpRelay relay = new TcpRelay(link.address)) {
            PatternUser server = PatternUser.server(FIVE_MEGABYTES);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000).when(1_000_000, relay::resetAll);
            dial(link, relay, client);
            assertEquals(CloseReason.DISPLACED, await(server.closed));
            assertEquals(CloseReason.SESSION_UNKNOWN, await(client.closed));
        }
    }

    /** Makes a RESUME of a session's keys and those of a new TLS session. */
    private interface Forgery {
        Resume make(LinkSession session, LinkKeys fresh);
    }

    /** Completes TLS, sends the frame, and gives the type of the answer; -1 if the server closed without one. */
    private static int answerTo(LinkFixture link, Function<LinkKeys, Resume> forgery) throws Exception {
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        LinkNetwork.standard().connectTcp(link.clientLoop, null, link.address, 5000, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(TlsChannelHandler.client(LinkTls.crypto(), LinkFixture.cert()))
                        .addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                                if (event instanceof TlsChannelHandler.Up up) {
                                    ByteBuf frame = ctx.alloc().heapBuffer();
                                    forgery.apply(up.keys()).write(frame);
                                    ctx.writeAndFlush(frame);
                                }
                            }

                            @Override
                            public void channelRead(ChannelHandlerContext ctx, Object message) {
                                ByteBuf bytes = (ByteBuf) message;
                                answer.complete((int) bytes.getUnsignedByte(bytes.readerIndex()));
                                bytes.release();
                                ctx.close();
                            }

                            @Override
                            public void channelInactive(ChannelHandlerContext ctx) {
                                answer.complete(-1);
                            }
                        });
            }
        });
        return await(answer);
    }

    /** Tries a forgery beside the session that it is made of, which must not feel it. */
    private static Refusal refusalOf(int answer, Forgery forgery) throws Exception {
        try (LinkFixture link = new LinkFixture(new StandInNetwork(), LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(300_000);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 100_000, false);
            LinkSession session = (LinkSession) link.dial(TLS, client);
            Eventually.holds("all came", () -> client.read == 300_000 && server.read == 100_000);
            assertEquals(answer, answerTo(link, fresh -> forgery.make(session, fresh)));
            Refusal refusal = link.nextRefusal();
            link.onClient(() -> {
                session.finish();
                return true;
            });
            assertExact(client, server, 100_000, 300_000);
            assertEquals(0, link.serverTotals.snapshot().resumptions());
            return refusal;
        }
    }

    private static final ResumePoint START = new ResumePoint(ResumePoint.NO_UTP, 0, 70_000);

    @Test
    void aSessionThatNobodyHasIsUnknown() throws Exception {
        assertEquals(
                Refusal.UNKNOWN_SESSION,
                refusalOf(
                        Frames.UNKNOWN_SESSION,
                        (session, fresh) -> Resume.of(1, new SessionId(new byte[16]), START, session.keys(), fresh)));
    }

    @Test
    void whoKnowsTheIdentifierAloneIsToldTheSame() throws Exception {
        assertEquals(
                Refusal.UNKNOWN_SESSION,
                refusalOf(Frames.UNKNOWN_SESSION, (session, fresh) -> Resume.of(1, session.id(), START, fresh, fresh)));
    }

    @Test
    void aProofThatWasMadeForAnotherTlsSessionIsWorthNothing() throws Exception {
        // Stolen as a whole, from a connection that the client made: the proof of the bridge's secret does not fit
        // either.
        assertEquals(
                Refusal.WRONG_PROOF,
                refusalOf(-1, (session, fresh) -> Resume.of(1, session.id(), START, session.keys(), session.keys())));
        // By somebody who has the bridge line too.
        assertEquals(Refusal.UNKNOWN_SESSION, refusalOf(Frames.UNKNOWN_SESSION, (session, fresh) -> {
            Resume stolen = Resume.of(1, session.id(), START, session.keys(), session.keys());
            return new Resume(1, session.id(), START, fresh.proof(), stolen.sessionProof());
        }));
    }

    @Test
    void whatAProofCoversCannotBeChanged() throws Exception {
        ResumePoint other = new ResumePoint(ResumePoint.NO_UTP, 0, 80_000);
        assertEquals(Refusal.UNKNOWN_SESSION, refusalOf(Frames.UNKNOWN_SESSION, (session, fresh) -> {
            Resume right = Resume.of(1, session.id(), START, session.keys(), fresh);
            return new Resume(1, session.id(), other, right.proof(), right.sessionProof());
        }));
        assertEquals(Refusal.UNKNOWN_SESSION, refusalOf(Frames.UNKNOWN_SESSION, (session, fresh) -> {
            Resume right = Resume.of(1, session.id(), START, session.keys(), fresh);
            return new Resume(2, session.id(), START, right.proof(), right.sessionProof());
        }));
    }

    @Test
    void anOffsetThatWasNeverSentIsRefused() throws Exception {
        ResumePoint beyond = new ResumePoint(ResumePoint.NO_UTP, 1_000_000, 70_000);
        assertEquals(
                Refusal.BAD_HELLO,
                refusalOf(-1, (session, fresh) -> Resume.of(1, session.id(), beyond, session.keys(), fresh)));
    }

    @Test
    void anOlderResumeThatComesLateDoesNotReplaceANewerOne() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 1000, false);
            LinkSession session = (LinkSession) link.dial(TLS, client);
            Eventually.holds("the first bytes came", () -> client.read == 1000 && server.read == 1000);
            link.onClient(() -> {
                // Two dials that came to nothing on their way.
                session.nextResume();
                session.nextResume();
                cut(network.tcpChannels.get(0));
                return true;
            });
            Eventually.holds(
                    "resumed", () -> link.onClient(() -> session.stats().resumptions()) > 0);
            assertEquals(-1, answerTo(link, fresh -> Resume.of(2, session.id(), START, session.keys(), fresh)));
            assertEquals(Refusal.STALE_RESUME, link.nextRefusal());
            // The same counter is not newer.
            assertEquals(-1, answerTo(link, fresh -> Resume.of(3, session.id(), START, session.keys(), fresh)));
            assertEquals(Refusal.STALE_RESUME, link.nextRefusal());
            link.onClient(() -> {
                session.finish();
                return true;
            });
            assertExact(client, server, 1000, 1000);
        }
    }

    @Test
    void keysOfAPairingAreNeverUsedAgain() throws Exception {
        StandInNetwork network = new StandInNetwork();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser server = new PatternUser(2, 1, 1000, false);
            link.serverUser = () -> server;
            PatternUser client = new PatternUser(1, 2, 1000, false).onUtpOnly();
            LinkSession session = (LinkSession) link.dial(LinkConfig.DEFAULT, client);
            byte[] first = link.onClient(() -> session.keys().pairing(0).id().bytes());
            int last = ResumePoint.NO_UTP;
            for (int i = 0; i < 3; i++) {
                Eventually.holds("on µTP", () -> link.onClient(() -> session.sendingCarrier() == CarrierKind.UTP));
                int attempt = link.onClient(() -> session.resumePoint().attempt());
                assertTrue(attempt > last, attempt + " after " + last);
                last = attempt;
                long before = link.onClient(() -> session.stats().resumptions());
                link.onClient(() -> {
                    network.tcpChannels.forEach(ResumptionTest::cut);
                    network.utpChannels.forEach(ResumptionTest::cut);
                    return true;
                });
                Eventually.holds(
                        "resumed", () -> link.onClient(() -> session.stats().resumptions()) > before);
            }
            assertArrayEquals(
                    first, link.onClient(() -> session.keys().pairing(0).id().bytes()), "the same session");
        }
    }
}
