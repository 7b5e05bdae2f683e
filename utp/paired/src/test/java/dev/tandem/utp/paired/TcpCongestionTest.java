package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On the sockets of this machine. */
class TcpCongestionTest {
    private static final Path AVAILABLE = Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");

    private static void assumeBbr() throws IOException {
        assumeTrue(Epoll.isAvailable(), "no epoll here");
        String available = Files.exists(AVAILABLE) ? Files.readString(AVAILABLE) : "";
        assumeTrue(
                List.of(available.strip().split("\\s+")).contains("bbr"),
                "this kernel has no bbr: " + AVAILABLE + " says '" + available.strip() + "'");
    }

    @Test
    void tcpOfTheLinkHasBbrAtBothEnds() throws Exception {
        assumeBbr();
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        EventLoop loop = group.next();
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        LinkNetwork network = LinkNetwork.standard();
        try {
            Channel listening = network.bindTcp(
                            loop,
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            new ChannelInitializer<Channel>() {
                                @Override
                                protected void initChannel(Channel channel) {
                                    accepted.complete(channel);
                                }
                            })
                    .sync()
                    .channel();
            Channel dialled = network.connectTcp(
                            loop,
                            null,
                            (InetSocketAddress) listening.localAddress(),
                            5_000,
                            new ChannelInboundHandlerAdapter())
                    .sync()
                    .channel();
            assertEquals("bbr", TcpCongestion.of(dialled));
            assertEquals("bbr", TcpCongestion.of(LinkFixture.await(accepted)));
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void whatTheKernelDoesNotKnowLeavesTheSocketAsItWas() {
        assumeTrue(Epoll.isAvailable(), "no epoll here");
        EpollSocketChannel channel = new EpollSocketChannel();
        try {
            String before = TcpCongestion.of(channel);
            assertFalse(before.isEmpty());
            assertFalse(TcpCongestion.ask(channel, "no-such-thing"));
            assertEquals(before, TcpCongestion.of(channel));
        } finally {
            channel.unsafe().closeForcibly();
        }
    }

    @Test
    void changesWhatTheSocketHas() {
        assumeTrue(Epoll.isAvailable(), "no epoll here");
        EpollSocketChannel channel = new EpollSocketChannel();
        try {
            // Every kernel has it, and none that we know has it as the default.
            assertTrue(TcpCongestion.ask(channel, "reno"));
            assertEquals("reno", TcpCongestion.of(channel));
        } finally {
            channel.unsafe().closeForcibly();
        }
    }

    @Test
    void elsewhereItSaysThatItCannot() {
        NioSocketChannel channel = new NioSocketChannel();
        try {
            assertFalse(TcpCongestion.ask(channel, "bbr"));
            assertEquals("", TcpCongestion.of(channel));
        } finally {
            channel.unsafe().closeForcibly();
        }
    }
}
