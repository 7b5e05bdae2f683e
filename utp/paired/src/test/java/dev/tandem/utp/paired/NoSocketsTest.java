package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process that has used up its descriptors cannot even begin to dial. What Netty gives then is a channel that is none. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // faults need no answer
class NoSocketsTest {
    private static final LinkConfig TLS = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);
    private static final long ONE_MEGABYTE = 1_000_000;

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    /** The machine's network, on which a number of dials find no socket. */
    private static final class Exhausted implements LinkNetwork {
        private final LinkNetwork real = LinkNetwork.standard();
        private final AtomicInteger failures = new AtomicInteger();
        volatile @Nullable Channel last;

        @Override
        public ChannelFuture connectTcp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                int timeoutMillis,
                ChannelHandler handler) {
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                return noSocket(loop, remote, handler);
            }
            ChannelFuture future = real.connectTcp(loop, local, remote, timeoutMillis, handler);
            last = future.channel();
            return future;
        }

        private static ChannelFuture noSocket(EventLoop loop, InetSocketAddress remote, ChannelHandler handler) {
            return new Bootstrap()
                    .group(loop)
                    .channelFactory(() -> {
                        throw new ChannelException("Too many open files");
                    })
                    .handler(handler)
                    .connect(remote);
        }

        @Override
        public @Nullable ChannelFuture connectUtp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                ConnectionConfig config,
                ChannelHandler handler) {
            return noSocket(loop, remote, handler);
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

    @Test
    void aDialWithoutASocketFails() throws Exception {
        Exhausted network = new Exhausted();
        try (LinkFixture link = new LinkFixture(network, TLS)) {
            network.failures.set(1);
            Future<Session> dial =
                    link.client.dial(link.address, LinkFixture.cert(), TLS, new PatternUser(1, 2, 0, true));
            assertTrue(dial.await(30, TimeUnit.SECONDS), "the dial neither succeeds nor fails");
            assertInstanceOf(LinkException.class, dial.cause());
        }
    }

    @Test
    void aSessionThatFindsNoSocketForItsNextDialDialsAgain() throws Exception {
        Exhausted network = new Exhausted();
        try (LinkFixture link = new LinkFixture(network, TLS)) {
            PatternUser server = PatternUser.server(ONE_MEGABYTE);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(ONE_MEGABYTE).when(ONE_MEGABYTE / 2, () -> {
                network.failures.set(2);
                Channel channel = network.last;
                if (channel != null) {
                    channel.config().setOption(ChannelOption.SO_LINGER, 0);
                    channel.close();
                }
            });
            link.dial(TLS, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertNull(client.error);
            assertEquals(ONE_MEGABYTE, client.read);
            assertEquals(0, network.failures.get());
            assertEquals(1, link.clientTotals.snapshot().resumptions());
        }
    }

    @Test
    void withoutASocketForUtpTheSessionStaysOnTls() throws Exception {
        Exhausted network = new Exhausted();
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            PatternUser client = PatternUser.client(ONE_MEGABYTE);
            link.serverUser = () -> PatternUser.server(ONE_MEGABYTE);
            link.dial(LinkConfig.DEFAULT, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertEquals(ONE_MEGABYTE, client.read);
        }
    }
}
