package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IPv4, IPv6 and both at once: what a server listens on, and where a client goes and from. */
@Timeout(60)
class DualStackTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static InetAddress ip(String literal) throws UnknownHostException {
        return InetAddress.getByName(literal);
    }

    /** µTP too: the server knows by the TCP connection whom to answer on UDP, and the two sockets may write addresses differently. */
    @ParameterizedTest
    @CsvSource({
        "true, 0.0.0.0, 127.0.0.1",
        "true, ::, 127.0.0.1",
        "true, ::, ::1",
        "false, ::, 127.0.0.1",
        "false, ::, ::1",
    })
    void aClientReachesTheServerByBothCarriers(boolean best, String listen, String dial) throws Exception {
        boolean ipv6 = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress());
        assumeTrue(ipv6 || !listen.contains(":"), "no IPv6 here");
        try (LinkFixture link = new LinkFixture(
                LinkNetwork.standard(),
                LinkConfig.DEFAULT,
                () -> best
                        ? UtpTransports.newEventLoopGroup(1)
                        : new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()))) {
            PatternUser server = PatternUser.server(20_000).onUtpOnly();
            link.serverUser = () -> server;
            LinkServer listening = new LinkServer(
                    link.serverLoop, new CarrierTotals(), LinkFixture.IDENTITY, LinkConfig.DEFAULT, link);
            int port =
                    await(listening.bind(new InetSocketAddress(ip(listen), 0))).getPort();
            PatternUser client = PatternUser.client(20_000).onUtpOnly();
            Session session = await(link.client.dial(
                    new InetSocketAddress(ip(dial), port), LinkFixture.cert(), LinkConfig.DEFAULT, client));
            link.clientLoop.execute(() -> client.start(session, true));
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertEquals(CloseReason.FINISHED, await(server.closed));
            assertNull(client.error);
            assertEquals(0, link.clientTotals.snapshot().sentTls());
            await(listening.close());
        }
    }

    /** NIO closes a socket for good when it selects next. */
    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, LOOPBACK)) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void takesAPortThatIsFreeForBoth() throws Exception {
        Recorded network = new Recorded();
        List<DatagramSocket> taken = new ArrayList<>();
        network.beforeUdp = address -> {
            if (taken.size() < 2) {
                taken.add(new DatagramSocket(address));
            }
        };
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            assertEquals(2, taken.size());
            for (DatagramSocket socket : taken) {
                int port = socket.getLocalPort();
                socket.close();
                assertNotEquals(link.address.getPort(), port);
                // Nothing of the tries before is left.
                Eventually.holds("the port is free", () -> isFree(port));
            }
        }
    }

    @Test
    void listensOnNeitherIfOneOfThemIsTaken() throws Exception {
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), LinkConfig.DEFAULT);
                DatagramSocket udp = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0))) {
            InetSocketAddress address = new InetSocketAddress(LOOPBACK, udp.getLocalPort());
            LinkServer server = new LinkServer(
                    link.serverLoop, new CarrierTotals(), LinkFixture.IDENTITY, LinkConfig.DEFAULT, link);
            IOException e = assertThrows(IOException.class, () -> await(server.bind(address)));
            assertTrue(String.valueOf(e.getMessage()).startsWith("UDP: "), e.getMessage());
            Eventually.holds("the port is free", () -> isFree(address.getPort()));
        }
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), LinkConfig.DEFAULT)) {
            LinkServer server = new LinkServer(
                    link.serverLoop, new CarrierTotals(), LinkFixture.IDENTITY, LinkConfig.DEFAULT, link);
            IOException e = assertThrows(IOException.class, () -> await(server.bind(link.address)));
            assertTrue(String.valueOf(e.getMessage()).startsWith("TCP: "), e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 198.51.100.4",
        "2001:db8::1, 2001:db8:ffff::6",
        "127.0.0.1, ",
        "::1, ",
    })
    void dialsBothFromTheAddressOfTheSameFamilyButOnThisMachine(String bridge, @Nullable String from) throws Exception {
        Recorded network = new Recorded();
        LinkConfig config = LinkConfig.DEFAULT.withOutboundBind(ip("198.51.100.4"), ip("2001:db8:ffff::6"));
        try (LinkFixture link = new LinkFixture(network, LinkConfig.DEFAULT)) {
            InetSocketAddress address = new InetSocketAddress(ip(bridge), link.address.getPort());
            assertThrows(
                    LinkException.class,
                    () -> await(link.client.dial(address, LinkFixture.cert(), config, PatternUser.client(1))));
            InetSocketAddress local = from == null ? null : new InetSocketAddress(ip(from), 0);
            assertEquals(List.of("TCP " + local, "UDP " + local), network.dials);
        }
    }

    private interface Before {
        void bind(InetSocketAddress address) throws IOException;
    }

    /** The machine's network, but nothing can be dialled. */
    private static final class Recorded implements LinkNetwork {
        private final LinkNetwork real = LinkNetwork.standard();
        final List<String> dials = new ArrayList<>();
        Before beforeUdp = address -> {};

        @Override
        public ChannelFuture connectTcp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                int timeoutMillis,
                ChannelHandler handler) {
            dials.add("TCP " + local);
            // Refused, but not before it is known what else is dialled.
            return real.connectTcp(loop, null, new InetSocketAddress(LOOPBACK, 1), timeoutMillis, handler);
        }

        @Override
        public @Nullable ChannelFuture connectUtp(
                EventLoop loop,
                @Nullable InetSocketAddress local,
                InetSocketAddress remote,
                ConnectionConfig config,
                ChannelHandler handler) {
            dials.add("UDP " + local);
            return null;
        }

        @Override
        public ChannelFuture bindTcp(EventLoop loop, InetSocketAddress local, ChannelHandler childHandler) {
            return real.bindTcp(loop, local, childHandler);
        }

        @Override
        public ChannelFuture bindUtp(
                EventLoop loop, InetSocketAddress local, EndpointConfig config, ChannelHandler childHandler) {
            try {
                beforeUdp.bind(local);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            return real.bindUtp(loop, local, config, childHandler);
        }
    }
}
