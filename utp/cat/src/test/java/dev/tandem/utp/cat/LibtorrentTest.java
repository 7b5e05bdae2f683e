package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpException;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.CloseReason;
import dev.tandem.utp.protocol.ConnectionConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Our channel against libtorrent: Debian's python3-libtorrent, driven by torrent.py. {@code scripts/test} installs it and then
 * demands this test; without it the test says so and is skipped.
 */
@Timeout(120)
class LibtorrentTest {
    private static final String PYTHON = "/usr/bin/python3";
    private static final int BYTES = 50_000_000;
    private static final int LOSSY_BYTES = 5_000_000;
    private static final int SECONDS = 60;
    private static final long SEED = 20_260_729;

    /**
     * By default libtorrent gives a connection up, without a word to us, when one packet was sent three times and is not
     * acknowledged: with 1 % loss in one transfer of about a hundred.
     */
    private static final int PATIENT_RESENDS = 10;

    private static final ConnectionConfig CONFIG =
            ConnectionConfig.DEFAULT.withGiveUpNanos(TimeUnit.SECONDS.toNanos(4));

    /** What libtorrent does; we do the other thing. */
    enum Role {
        SEED,
        DOWNLOAD
    }

    /** Who sends the SYN. */
    enum Dialler {
        WE,
        LIBTORRENT
    }

    @TempDir
    private Path folder;

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    @BeforeAll
    static void needsLibtorrent() throws Exception {
        PeerProcess.require(
                PeerProcess.succeeds(PYTHON, "-c", "import libtorrent"),
                "libtorrent is not installed: on Debian, apt-get install python3-libtorrent");
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @CsvSource({"SEED, WE", "SEED, LIBTORRENT", "DOWNLOAD, WE", "DOWNLOAD, LIBTORRENT"})
    void fiftyMegabytes(Role role, Dialler dialler) throws Exception {
        transfer(role, dialler, BYTES, LossyRelay.Faults.NONE);
    }

    @ParameterizedTest
    @CsvSource({"SEED, WE", "SEED, LIBTORRENT", "DOWNLOAD, WE", "DOWNLOAD, LIBTORRENT"})
    void onABadPath(Role role, Dialler dialler) throws Exception {
        Swarm swarm = transfer(role, dialler, LOSSY_BYTES, LossyRelay.Faults.SOME);
        LossyRelay relay = swarm.relay;
        assertTrue(
                relay != null && relay.dropped() > 10 && relay.heldBack() > 20 && relay.duplicated() > 5,
                String.valueOf(relay));
    }

    /** Killed, it says nothing, and nobody answers for it. */
    @ParameterizedTest
    @EnumSource
    void weNoticeThatLibtorrentDied(Role role) throws Exception {
        Swarm swarm = new Swarm(role, Dialler.WE, BYTES, LossyRelay.Faults.NONE);
        swarm.ours.moving().get(SECONDS, TimeUnit.SECONDS);
        swarm.peer.kill();
        swarm.assertTimesOut();
    }

    /** Gone with the path: not even an ICMP error comes back. When libtorrent notices is its own matter. */
    @ParameterizedTest
    @EnumSource
    void weNoticeThatThePathDied(Role role) throws Exception {
        Swarm swarm = new Swarm(role, Dialler.LIBTORRENT, BYTES, new LossyRelay.Faults(0, 0, 0, 1, 0));
        swarm.ours.moving().get(SECONDS, TimeUnit.SECONDS);
        Objects.requireNonNull(swarm.relay).close();
        swarm.assertTimesOut();
    }

    @ParameterizedTest
    @EnumSource
    void libtorrentHearsOurReset(Role role) throws Exception {
        Swarm swarm = new Swarm(role, Dialler.WE, BYTES, LossyRelay.Faults.NONE);
        swarm.ours.moving().get(SECONDS, TimeUnit.SECONDS);
        Channel channel = swarm.channel.get(SECONDS, TimeUnit.SECONDS);
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
        swarm.awaitDisconnected();
    }

    /** libtorrent says goodbye in the middle of everything. */
    @ParameterizedTest
    @EnumSource
    void weHearThatLibtorrentLeft(Role role) throws Exception {
        Swarm swarm = new Swarm(role, Dialler.LIBTORRENT, BYTES, LossyRelay.Faults.NONE);
        swarm.ours.moving().get(SECONDS, TimeUnit.SECONDS);
        swarm.peer.leave();
        assertNull(swarm.ours.ended().get(SECONDS, TimeUnit.SECONDS), swarm.peer::log);
        assertEquals(0, swarm.peer.awaitEnd(SECONDS));
        assertFalse(swarm.ours.downloaded().isDone() && !swarm.ours.downloaded().isCompletedExceptionally());
    }

    private Swarm transfer(Role role, Dialler dialler, int bytes, LossyRelay.Faults faults) throws Exception {
        long startNanos = System.nanoTime();
        Swarm swarm = new Swarm(role, dialler, bytes, faults);
        try {
            if (role == Role.SEED) {
                byte[] downloaded = swarm.ours.downloaded().get(SECONDS, TimeUnit.SECONDS);
                assertArrayEquals(swarm.content, downloaded);
                assertEquals(swarm.infoHash, Content.hex(BitTorrentPeer.infoHash(downloaded)));
            } else {
                swarm.peer.await(SECONDS, line -> line.contains("\"finished\""));
            }
        } catch (Exception | AssertionError e) {
            throw new AssertionError(swarm + swarm.peer.log(), e);
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "libtorrent: %s, %s dial: %,d bytes in %.2f s (%.1f Mbit/s, its start included)%n",
                role,
                dialler,
                bytes,
                seconds,
                bytes * 8 / seconds / 1e6);
        return swarm;
    }

    /** One libtorrent and our peer, connected. */
    private final class Swarm {
        final byte[] content;
        final String infoHash;
        final BitTorrentPeer ours;
        final PeerProcess peer;
        final CompletableFuture<Channel> channel = new CompletableFuture<>();
        final @Nullable LossyRelay relay;

        Swarm(Role role, Dialler dialler, int bytes, LossyRelay.Faults faults) throws Exception {
            content = Content.bytes(bytes);
            byte[] hash = BitTorrentPeer.infoHash(content);
            ours = role == Role.DOWNLOAD ? BitTorrentPeer.seed(content) : BitTorrentPeer.downloader(hash, bytes);
            if (dialler == Dialler.LIBTORRENT) {
                InetSocketAddress server = serve();
                relay = relay(server, faults);
                peer = start(role, bytes, faults, port(server, relay));
                infoHash = awaitReady();
            } else {
                peer = start(role, bytes, faults);
                String ready = peer.awaitField(SECONDS, "infoHash");
                infoHash = PeerProcess.field(ready, "infoHash");
                InetSocketAddress server = new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), Integer.parseInt(PeerProcess.field(ready, "port")));
                relay = relay(server, faults);
                dial(port(server, relay));
            }
            assertEquals(Content.hex(hash), infoHash);
        }

        private String awaitReady() throws InterruptedException {
            return PeerProcess.field(peer.awaitField(SECONDS, "infoHash"), "infoHash");
        }

        private InetSocketAddress serve() throws InterruptedException {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(UtpServerChannel.class)
                    .option(UtpChannelOption.CONNECTION_CONFIG, CONFIG)
                    .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(64 << 10))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel accepted) {
                            if (channel.complete(accepted)) {
                                accepted.pipeline().addLast(ours);
                            } else {
                                accepted.close();
                            }
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            return (InetSocketAddress) server.localAddress();
        }

        private void dial(int port) throws InterruptedException {
            channel.complete(new Bootstrap()
                    .group(group)
                    .channel(UtpChannel.class)
                    .option(UtpChannelOption.CONNECTION_CONFIG, CONFIG)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(64 << 10))
                    .handler(ours)
                    .connect(InetAddress.getLoopbackAddress(), port)
                    .sync()
                    .channel());
        }

        private @Nullable LossyRelay relay(InetSocketAddress server, LossyRelay.Faults faults) throws Exception {
            if (faults.equals(LossyRelay.Faults.NONE)) {
                return null;
            }
            LossyRelay made = new LossyRelay(server, faults, SEED);
            opened.addFirst(made);
            return made;
        }

        private static int port(InetSocketAddress server, @Nullable LossyRelay relay) {
            return relay == null ? server.getPort() : relay.address().getPort();
        }

        private PeerProcess start(Role role, int bytes, LossyRelay.Faults faults, int... dial) throws Exception {
            List<String> command = new ArrayList<>(List.of(
                    PYTHON,
                    "-B",
                    Path.of("src", "test", "interop", "torrent.py").toString(),
                    role.name().toLowerCase(Locale.ROOT),
                    Integer.toString(bytes),
                    folder.toString()));
            for (int port : dial) {
                command.addAll(List.of("--dial", Integer.toString(port)));
            }
            if (faults.loss() > 0) {
                command.addAll(List.of("--resends", Integer.toString(PATIENT_RESENDS)));
            }
            PeerProcess made = new PeerProcess(Map.of(), command);
            opened.addFirst(made);
            return made;
        }

        /** Within the time that we give up after, and the longest retransmission timeout before it. */
        void assertTimesOut() throws Exception {
            // Who only receives has nothing to miss.
            BitTorrentPeer.keepAlive(channel.get(SECONDS, TimeUnit.SECONDS));
            Throwable failure = ours.ended().get(20, TimeUnit.SECONDS);
            assertInstanceOf(UtpException.class, failure, peer::log);
            assertEquals(CloseReason.TIMED_OUT, ((UtpException) failure).reason());
        }

        void awaitDisconnected() throws Exception {
            String line = peer.await(SECONDS, each -> each.contains("\"disconnected\""));
            System.out.println("libtorrent: " + PeerProcess.field(line, "error"));
        }

        @Override
        public String toString() {
            return relay == null ? "without a relay" : relay.toString();
        }
    }
}
