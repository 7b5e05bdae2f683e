package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How many flights the set-up takes, counted: each is what one side sends before it needs to hear from the other. */
@SuppressWarnings("FutureReturnValueIgnored") // closing needs no answer here
class FirstFlightTest {
    private static final InetSocketAddress BRIDGE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    /** One TCP connection between channels in memory, whose bytes move when the test says so. */
    private static final class Wire implements LinkNetwork {
        final EmbeddedChannel client = new EmbeddedChannel();
        final EmbeddedChannel server = new EmbeddedChannel() {
            @Override
            protected java.net.SocketAddress remoteAddress0() {
                return BRIDGE;
            }

            @Override
            protected java.net.SocketAddress localAddress0() {
                return BRIDGE;
            }
        };

        @Nullable
        ChannelHandler child;

        private @Nullable ChannelHandler dialled;

        @Override
        public ChannelFuture connectTcp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                int timeoutMillis,
                ChannelHandler handler) {
            dialled = handler;
            return client.newSucceededFuture();
        }

        /** TCP's own round trip. */
        void connected() {
            client.pipeline().addLast(Objects.requireNonNull(dialled));
            client.pipeline().fireChannelActive();
            server.pipeline().addLast(Objects.requireNonNull(child));
            server.pipeline().fireChannelActive();
        }

        @Override
        public @Nullable ChannelFuture connectUtp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                ConnectionConfig config,
                ChannelHandler handler) {
            return null;
        }

        @Override
        public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
            child = childHandler;
            return server.newSucceededFuture();
        }

        @Override
        public ChannelFuture bindUtp(
                EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
            throw new UnsupportedOperationException();
        }

        /** Moves all that one side has flushed; returns its length. */
        int flight(EmbeddedChannel from, EmbeddedChannel to) {
            ByteBuf all = Unpooled.buffer();
            for (ByteBuf next = from.readOutbound(); next != null; next = from.readOutbound()) {
                all.writeBytes(next);
                next.release();
            }
            int length = all.readableBytes();
            if (length > 0) {
                to.writeInbound(all);
            }
            return length;
        }
    }

    @Test
    void torsFirstBytesLeaveWithTheProofRightBehindTls() throws Exception {
        Wire wire = new Wire();
        StringBuilder got = new StringBuilder();
        LinkConfig config = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);
        Listener serverSide = new Listener(got);
        LinkServer server = new LinkServer(
                wire.server.eventLoop(),
                new CarrierTotals(),
                LinkFixture.IDENTITY,
                config,
                session -> {
                    session.autoRead(true);
                    return serverSide;
                },
                wire);
        Future<InetSocketAddress> bound = server.bind(BRIDGE);
        wire.server.runPendingTasks();
        assertTrue(bound.isSuccess(), () -> String.valueOf(bound.cause()));

        LinkClient client = new LinkClient(
                wire.client.eventLoop(),
                new CarrierTotals(),
                wire,
                new PathMemory(InstantSource.system(), new SecureRandom()),
                new Random(1));
        Future<Session> dial = client.dial(BRIDGE, LinkFixture.cert(), config, new Listener(new StringBuilder()));
        dial.addListener(done -> {
            Session session = dial.getNow();
            session.write(Unpooled.copiedBuffer("first cells", StandardCharsets.US_ASCII));
            session.flush();
        });
        wire.client.runPendingTasks();

        // Round trip 1 is TCP's.
        wire.connected();
        // Round trip 2 is TLS's.
        assertTrue(wire.flight(wire.client, wire.server) > 0, "ClientHello");
        assertTrue(!dial.isDone());
        assertTrue(wire.flight(wire.server, wire.client) > 0, "ServerHello to Finished");
        assertTrue(dial.isSuccess(), "SOCKS success is answered now");
        // The very next flight has Finished, HELLO and the first bytes.
        assertTrue(wire.flight(wire.client, wire.server) > 0);
        assertEquals("first cells", got.toString());
        client.close();
        wire.client.runPendingTasks();
        server.close();
        wire.server.runPendingTasks();
        wire.client.releaseOutbound();
        wire.server.releaseOutbound();
    }

    private static final class Listener implements SessionListener {
        private final StringBuilder got;

        Listener(StringBuilder got) {
            this.got = got;
        }

        @Override
        public void onData(Session session, ByteBuf bytes) {
            got.append(bytes.toString(StandardCharsets.US_ASCII));
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }
}
