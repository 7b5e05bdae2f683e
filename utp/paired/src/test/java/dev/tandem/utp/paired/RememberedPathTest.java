package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.memory.Place;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one session learns of UDP, and the next one makes of it, over TCP and µTP as they are. The time of day is the test's. */
@Timeout(90)
class RememberedPathTest {
    /** A dial of µTP has so long; the rest is as by default. */
    private static final LinkConfig IMPATIENT = LinkConfig.DEFAULT.withTimeouts(
            Duration.ofSeconds(20), Duration.ofSeconds(15), Duration.ofSeconds(15), Duration.ofMillis(500));

    private final AtomicLong seconds = new AtomicLong(1_800_000_000);

    /** UDP goes through a relay. */
    private static final class Relayed implements LinkNetwork {
        private final LinkNetwork real = LinkNetwork.standard();
        final AtomicInteger utpDials = new AtomicInteger();
        volatile @Nullable UdpRelay relay;

        @Override
        public ChannelFuture connectTcp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                int timeoutMillis,
                ChannelHandler handler) {
            return real.connectTcp(loop, local, remote, timeoutMillis, handler);
        }

        @Override
        public @Nullable ChannelFuture connectUtp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                ConnectionConfig config,
                ChannelHandler handler) {
            utpDials.incrementAndGet();
            UdpRelay through = relay;
            return real.connectUtp(loop, local, through == null ? remote : through.address(), config, handler);
        }

        @Override
        public @Nullable InetAddress localAddress(InetSocketAddress remote) {
            return real.localAddress(remote);
        }

        @Override
        public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
            return real.bindTcp(loop, local, childHandler);
        }

        @Override
        public ChannelFuture bindUtp(
                EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
            return real.bindUtp(loop, local, config, childHandler);
        }
    }

    private PathMemory newMemory() {
        return new PathMemory(() -> Instant.ofEpochSecond(seconds.get()), new SecureRandom());
    }

    private static Session dial(LinkFixture link, LinkClient client, PatternUser user) throws Exception {
        Session session = await(client.dial(link.address, LinkFixture.cert(), IMPATIENT, user));
        return link.onClient(() -> {
            user.start(session, true);
            return session;
        });
    }

    @Test
    void theAddressOnTheWayToABridgeIsKnown() {
        InetAddress here =
                LinkNetwork.standard().localAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
        assertTrue(here != null && here.isLoopbackAddress(), () -> "it is " + here);
    }

    @Test
    void theNextSessionWhereUdpIsBlockedBeginsWithoutItAndFindsItBack() throws Exception {
        Relayed network = new Relayed();
        PathMemory memory = newMemory();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT);
                UdpRelay relay = new UdpRelay(link.address)) {
            network.relay = relay;
            relay.blocked = true;
            Place place = Place.of(link.address, link.address.getAddress());
            link.serverUser = () -> new PatternUser(2, 1, 1000, false);
            PatternUser first = new PatternUser(1, 2, 1000, false);
            Session learner = dial(link, link.newClient(network, memory), first);
            Eventually.holds("UDP is known to be blocked", () -> memory.isBlocked(place));
            Eventually.holds("the first session works", () -> first.read == 1000);
            assertEquals(CarrierKind.TLS, link.onClient(learner::sendingCarrier));
            Map<PairingFailure, Long> failures = link.clientTotals.events().pairingFailures();
            assertTrue(failures.values().stream().anyMatch(times -> times > 0), failures::toString);
            link.onClient(() -> {
                learner.reset(ResetReason.USER_CLOSED);
                return true;
            });
            await(first.closed);

            // Another run of the program, an hour later: all that it has is the text.
            seconds.addAndGet(3_600);
            PathMemory later = newMemory();
            later.merge(memory.text().getBytes(StandardCharsets.ISO_8859_1));
            int dialsBefore = network.utpDials.get();
            relay.blocked = false;
            PatternUser second = new PatternUser(1, 2, 1000, false);
            Session session = dial(link, link.newClient(network, later), second);
            Eventually.holds("the second session works", () -> second.read == 1000);
            assertEquals(dialsBefore, network.utpDials.get(), "no SYN at the start of the second session");
            assertEquals(CarrierKind.TLS, link.onClient(session::sendingCarrier));

            Eventually.holds("UDP is asked, and is back", () -> !later.isBlocked(place));
            assertEquals(dialsBefore + 1, network.utpDials.get());
            assertEquals(CarrierKind.UTP, link.onClient(session::sendingCarrier));

            // And the third one begins as if nothing had been.
            PatternUser third = new PatternUser(1, 2, 1000, false);
            dial(link, link.newClient(network, later), third);
            assertEquals(dialsBefore + 2, network.utpDials.get());
            assertNull(second.error);
        }
    }

    /** A bridge that cannot be reached at all says nothing of UDP. */
    @Test
    void nothingIsLearnedWhereTlsFailsAsWell() throws Exception {
        Relayed network = new Relayed();
        PathMemory memory = newMemory();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            Place place = Place.of(link.address, link.address.getAddress());
            await(link.server.close());
            PatternUser user = PatternUser.client(0);
            assertTrue(
                    link.newClient(network, memory)
                                    .dial(link.address, LinkFixture.cert(), IMPATIENT, user)
                                    .await()
                                    .cause()
                            instanceof LinkException);
            assertEquals(1, network.utpDials.get());
            assertFalse(memory.isBlocked(place));
            assertEquals(0, memory.size());
        }
    }

    /** Who says {@code carrier=utp} means it. */
    @Test
    void policyUtpDialsWhateverIsRemembered() throws Exception {
        Relayed network = new Relayed();
        PathMemory memory = newMemory();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            Place place = Place.of(link.address, link.address.getAddress());
            memory.learnBlocked(place);
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser user = PatternUser.client(1000);
            await(link.newClient(network, memory)
                    .dial(link.address, LinkFixture.cert(), LinkConfig.DEFAULT.withPolicy(CarrierPolicy.UTP), user)
                    .addListener(done -> user.start((Session) done.getNow(), true)));
            assertEquals(CloseReason.FINISHED, await(user.closed));
            assertFalse(memory.isBlocked(place));
        }
    }
}
