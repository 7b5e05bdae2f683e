package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.congestion.CongestionController;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What we send, read by tshark: an implementation that never talks to us and so cannot be lenient. {@code scripts/test}
 * installs it and then demands this test; without it the test says so and is skipped.
 */
@Timeout(120)
class TsharkTest {
    private static final int SECONDS = 60;
    private static final long SEED = 20_260_729;
    private static final int BYTES = 3_000_000;

    private static final LossyRelay.Faults FAULTS = new LossyRelay.Faults(0.01, 0.01, 0.005, 10, 5);

    /** Whatever is lost, hundreds of packets are under way: that makes selective acks long. */
    private static final class SteadyWindow implements CongestionController {
        @Override
        public void onAcknowledgement(Acknowledgement acknowledgement) {}

        @Override
        public void onLossEpisode(long nowNanos) {}

        @Override
        public void onTimeout(long nowNanos) {}

        @Override
        public long windowBytes() {
            return 768 << 10;
        }
    }

    private static final int HEADER_BYTES = 20;
    private static final int SELECTIVE_ACK = 1;
    private static final int EXTENSION_BITS = 2;

    /** The longest that a foreign peer is sent. */
    private static final int LONG_SELECTIVE_ACK_BYTES = 32;

    private static final List<String> FIELDS = List.of(
            "bt-utp.ver",
            "bt-utp.type",
            "bt-utp.connection_id",
            "bt-utp.timestamp_us",
            "bt-utp.timestamp_diff_us",
            "bt-utp.wnd_size",
            "bt-utp.seq_nr",
            "bt-utp.ack_nr",
            "bt-utp.next_extension_type",
            "bt-utp.extension_len",
            "bt-utp.extension_bitmask",
            "bt-utp.len",
            "_ws.malformed",
            "_ws.expert.message");

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsTshark() throws Exception {
        PeerProcess.require(
                PeerProcess.succeeds("tshark", "--version"),
                "tshark is not installed: on Debian, apt-get install tshark");
    }

    @AfterEach
    void end() throws Exception {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
    }

    @Test
    void readsEveryPacketThatWeSend() throws Exception {
        List<Capture.Datagram> sent = captured();
        int longest = assertCoversEverything(sent);
        Path file = folder.resolve("utp.pcap");
        Capture.write(sent, file);
        List<String> lines = tshark(file);
        assertEquals(sent.size(), lines.size());
        for (int i = 0; i < sent.size(); i++) {
            assertEquals(expected(sent.get(i)), lines.get(i), "datagram " + (i + 1));
        }
        System.out.println("tshark: read " + sent.size() + " datagrams, selective acks up to " + longest + " bytes");
    }

    /** One connection that ends in order and one that is reset, both over a bad path. */
    private List<Capture.Datagram> captured() throws Exception {
        Capture capture = new Capture();
        CountDownLatch orderly = new CountDownLatch(2);
        CountDownLatch reset = new CountDownLatch(2);
        AtomicInteger received = new AtomicInteger();
        InetSocketAddress server = serve(received, orderly);
        try (LossyRelay relay = new LossyRelay(server, FAULTS, SEED, capture)) {
            Channel first = dial(relay, received, orderly);
            first.writeAndFlush(Unpooled.wrappedBuffer(Content.bytes(BYTES))).addListener(written -> first.close());
            assertTrue(orderly.await(SECONDS, TimeUnit.SECONDS), relay.toString());
            assertEquals(BYTES, received.get(), relay.toString());
        }
        InetSocketAddress other = serve(received, reset);
        try (LossyRelay relay = new LossyRelay(other, LossyRelay.Faults.NONE, SEED, capture)) {
            Channel second = dial(relay, received, reset);
            second.config().setOption(ChannelOption.SO_LINGER, 0);
            second.writeAndFlush(Unpooled.wrappedBuffer(Content.bytes(1000))).sync();
            second.close();
            assertTrue(reset.await(SECONDS, TimeUnit.SECONDS), relay.toString());
        }
        return capture.datagrams();
    }

    private InetSocketAddress serve(AtomicInteger received, CountDownLatch finished) throws InterruptedException {
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Receiver(received, finished));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        return (InetSocketAddress) server.localAddress();
    }

    private Channel dial(LossyRelay relay, AtomicInteger received, CountDownLatch finished)
            throws InterruptedException {
        return new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(
                        UtpChannelOption.CONNECTION_CONFIG,
                        ConnectionConfig.DEFAULT.withCongestionController(maxPacketBytes -> new SteadyWindow()))
                .handler(new Receiver(received, finished))
                .connect(relay.address())
                .sync()
                .channel();
    }

    /** Counts what comes, and says when the connection is over. */
    private static final class Receiver extends ChannelInboundHandlerAdapter {
        private final AtomicInteger received;
        private final CountDownLatch over;

        Receiver(AtomicInteger received, CountDownLatch over) {
            this.received = received;
            this.over = over;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            received.addAndGet(bytes.readableBytes());
            bytes.release();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            over.countDown();
        }
    }

    /**
     * That the capture has what the test is about, else it would pass for want of it.
     *
     * @return the length of the longest selective ack
     */
    private static int assertCoversEverything(List<Capture.Datagram> datagrams) {
        Set<Integer> types = new TreeSet<>();
        Set<Integer> extensions = new TreeSet<>();
        int longest = 0;
        int most = 0;
        for (Capture.Datagram datagram : datagrams) {
            ByteBuffer bytes = datagram.bytes();
            types.add(bytes.get(0) >> 4);
            int count = 0;
            for (int type = bytes.get(1), at = HEADER_BYTES;
                    type != 0;
                    type = bytes.get(at), at += 2 + length(bytes, at)) {
                extensions.add(type);
                count++;
                if (type == SELECTIVE_ACK) {
                    longest = Math.max(longest, length(bytes, at));
                }
            }
            most = Math.max(most, count);
        }
        assertTrue(most > 2, "none is padded, seed " + SEED);
        assertEquals(Set.of(0, 1, 2, 3, 4), types);
        assertEquals(Set.of(SELECTIVE_ACK, EXTENSION_BITS), extensions);
        assertTrue(longest > LONG_SELECTIVE_ACK_BYTES, "longest selective ack: " + longest + " bytes, seed " + SEED);
        return longest;
    }

    private static int length(ByteBuffer bytes, int extensionAt) {
        return bytes.get(extensionAt + 1) & 0xff;
    }

    /** The line that tshark should print: the fields of BEP 29, read from their places. */
    private static String expected(Capture.Datagram datagram) {
        ByteBuffer bytes = datagram.bytes();
        StringJoiner types = new StringJoiner(",");
        StringJoiner lengths = new StringJoiner(",");
        StringJoiner bitmaps = new StringJoiner(",");
        int type = bytes.get(1);
        types.add(Integer.toString(type));
        int at = HEADER_BYTES;
        while (type != 0) {
            int length = length(bytes, at);
            type = bytes.get(at);
            types.add(Integer.toString(type));
            lengths.add(Integer.toString(length));
            byte[] bitmap = new byte[length];
            bytes.get(at + 2, bitmap);
            bitmaps.add(Content.hex(bitmap));
            at += 2 + length;
        }
        return String.join(
                "|",
                Integer.toString(bytes.get(0) & 0xf),
                Integer.toString(bytes.get(0) >> 4),
                Integer.toString(bytes.getShort(2) & 0xffff),
                Integer.toUnsignedString(bytes.getInt(4)),
                Integer.toUnsignedString(bytes.getInt(8)),
                Integer.toUnsignedString(bytes.getInt(12)),
                Integer.toString(bytes.getShort(16) & 0xffff),
                Integer.toString(bytes.getShort(18) & 0xffff),
                types.toString(),
                lengths.toString(),
                bitmaps.toString(),
                Integer.toString(bytes.limit() - at),
                // Neither malformed, nor anything that an expert would remark on.
                "",
                "");
    }

    private List<String> tshark(Path file) throws IOException, InterruptedException {
        Path out = folder.resolve("fields");
        Path err = folder.resolve("errors");
        List<String> command = new ArrayList<>(List.of(
                "tshark",
                "-n",
                "-r",
                file.toString(),
                "-d",
                "udp.port==" + Capture.SERVER_PORT + ",bt-utp",
                // What we carry is not BitTorrent.
                "--disable-protocol",
                "bittorrent.utp",
                "-T",
                "fields",
                "-E",
                "separator=|"));
        for (String field : FIELDS) {
            command.add("-e");
            command.add(field);
        }
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "tshark does not end");
        } finally {
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), Files.readString(err));
        return Files.readAllLines(out);
    }
}
