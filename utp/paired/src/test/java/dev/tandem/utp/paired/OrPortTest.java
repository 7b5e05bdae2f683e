package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.strangers.Decoy;
import dev.tandem.utp.paired.strangers.Introduction;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Before tor's ORPort, over real sockets: strangers are its peers, many, mostly idle, and they stay. */
@Timeout(60)
class OrPortTest {
    private static final long SEED = 20_261_126;
    private static final int PATIENCE_MILLIS = 30_000;
    /** Two reads, which are those that {@code LocalSockets} makes, above the mark. */
    private static final int MOST_WAITING = 32 * 1024;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    private static StrangerConfig before(InetSocketAddress orPort) {
        return StrangerConfig.DEFAULT.withDecoy(Decoy.orPort(orPort));
    }

    private LinkFixture link(StrangerConfig strangers, LinkNetwork network, Supplier<EventLoopGroup> loops)
            throws Exception {
        LinkConfig config = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS).withStrangers(strangers);
        return opened(new LinkFixture(network, config, loops));
    }

    /** As the proxies have them. */
    private static EventLoopGroup loops() {
        return UtpTransports.newEventLoopGroup(1);
    }

    private LinkFixture link(StrangerConfig strangers) throws Exception {
        return link(strangers, LinkNetwork.standard(), OrPortTest::loops);
    }

    private Socket call(LinkFixture link) throws IOException {
        return callFrom(1, link);
    }

    /** From 127.0.0.n. */
    private Socket callFrom(int n, LinkFixture link) throws IOException {
        InetAddress local = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) n});
        Socket socket = opened(new Socket(link.address.getAddress(), link.address.getPort(), local, 0));
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(SEED).nextBytes(bytes);
        return bytes;
    }

    private static CompletableFuture<Void> write(Socket socket, byte[] first, byte[] bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                socket.getOutputStream().write(first);
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static CompletableFuture<byte[]> readAll(Socket socket) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    static List<byte[]> firstBytes() {
        return List.of(ClientHellos.unmarked(), Arrays.copyOf(ClientHellos.marked(), 75), new byte[] {0});
    }

    @ParameterizedTest
    @MethodSource("firstBytes")
    void everyByteGoesToTheOrPortAndBack(byte[] first) throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            LinkFixture link = link(before(orPort.address()));
            byte[] up = random(2_000_000);
            byte[] down = random(5_000_000);
            Socket caller = call(link);
            Socket called = orPort.next();
            CompletableFuture<Void> sent = write(caller, first, up);
            CompletableFuture<Void> answered = write(called, new byte[0], down);
            CompletableFuture<byte[]> atOrPort = readAll(called);
            assertArrayEquals(down, await(readAll(caller)));
            byte[] all = await(atOrPort);
            assertArrayEquals(first, Arrays.copyOf(all, first.length));
            assertArrayEquals(up, Arrays.copyOfRange(all, first.length, all.length));
            await(CompletableFuture.allOf(sent, answered));
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    /** However much tor has for a peer who does not read, little of it waits here: there are thousands of them. */
    @Test
    void whatAPeerDoesNotReadStaysWithTor() throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            CountedNetwork network = new CountedNetwork();
            LinkFixture link = link(before(orPort.address()), network, OrPortTest::loops);
            Socket caller = call(link);
            caller.getOutputStream().write(ClientHellos.unmarked());
            Socket called = orPort.next();
            byte[] block = random(1_000_000);
            AtomicLong written = new AtomicLong();
            CompletableFuture<Void> tor = CompletableFuture.runAsync(() -> {
                try {
                    OutputStream out = called.getOutputStream();
                    for (int i = 0; i < 50; i++) {
                        out.write(block);
                        written.addAndGet(block.length);
                    }
                    called.shutdownOutput();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            AtomicLong most = new AtomicLong();
            Eventually.holds("no more is taken from tor", () -> {
                most.accumulateAndGet(pending(link, network), Math::max);
                return link.onServer(() ->
                        network.open.stream().anyMatch(each -> each instanceof SocketChannel && !each.isWritable()));
            });
            most.accumulateAndGet(pending(link, network), Math::max);
            assertTrue(most.get() <= MOST_WAITING, most.get() + " bytes wait");
            assertTrue(written.get() < 50L * block.length, "tor could write it all");
            for (int i = 0; i < 50; i++) {
                assertArrayEquals(block, caller.getInputStream().readNBytes(block.length));
            }
            assertEquals(-1, caller.getInputStream().read());
            await(tor);
        }
    }

    /** What waits to be written to those who were accepted. */
    private static long pending(LinkFixture link, CountedNetwork network) throws Exception {
        return link.onServer(() -> {
            long most = 0;
            for (Channel channel : network.open) {
                if (channel instanceof SocketChannel) {
                    most = Math.max(most, channel.unsafe().outboundBuffer().totalPendingWriteBytes());
                }
            }
            return most;
        });
    }

    /** tor's connections are idle for minutes, and who closes them is tor. */
    @Test
    void noSilenceEndsAConnection() throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            LinkFixture link = link(before(orPort.address()), LinkNetwork.standard(), LateLoop::newGroup);
            LateLoop loop = (LateLoop) link.serverLoop;
            Socket caller = call(link);
            Socket called = orPort.next();
            caller.getOutputStream().write(ClientHellos.unmarked());
            assertEquals(22, called.getInputStream().read());
            called.getOutputStream().write(1);
            assertEquals(1, caller.getInputStream().read());
            // One who says nothing at all is tor's to judge, too.
            Socket silent = call(link);
            Socket silentCalled = orPort.next();
            for (int hour = 0; hour < 24; hour++) {
                loop.pass(1, TimeUnit.HOURS);
            }
            assertEquals(2, link.strangersPresent());
            called.getOutputStream().write(2);
            assertEquals(2, caller.getInputStream().read());
            byte[] more = ClientHellos.unmarked();
            silent.getOutputStream().write(more);
            assertArrayEquals(more, silentCalled.getInputStream().readNBytes(more.length));
            // And tor's end is the end at once, whoever goes on or not.
            silentCalled.close();
            assertEquals(-1, silent.getInputStream().read());
            loop.pass(2, TimeUnit.MINUTES);
            Eventually.holds("one is left", () -> link.strangersPresent() == 1);
            caller.shutdownOutput();
            assertEquals(more.length - 1, called.getInputStream().readAllBytes().length);
            called.close();
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    private static InetSocketAddress nobody() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    /** A web server in the ORPort's place would be another relay to its peers: they meet what a relay that is down has. */
    @Test
    void nobodyStandsInForTheOrPort() throws Exception {
        LinkFixture link = link(before(nobody()));
        Socket caller = call(link);
        caller.getOutputStream().write(ClientHellos.unmarked());
        assertThrows(SocketException.class, () -> caller.getInputStream().read());
        assertEquals(Refusal.STRANGER, link.nextRefusal());
        // Who has said nothing yet may be a client, for a while.
        Socket silent = call(link);
        assertThrows(SocketException.class, () -> silent.getInputStream().read());
        assertEquals(Refusal.STRANGER, link.nextRefusal());
        assertEquals(1, link.decoyFailures.get(), "told once");
        PatternUser client = PatternUser.client(1_000);
        link.dial(LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS), client);
        assertEquals(CloseReason.FINISHED, await(client.closed));
        assertNull(client.error);
        Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
    }

    /** tor, which sees them all come from one address, cannot have this bound. */
    @Test
    void oneAddressCannotTakeAllTheRoom() throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            LinkFixture link = link(before(orPort.address()).withMaxPerAddress(2));
            byte[] hello = ClientHellos.unmarked();
            Socket first = call(link);
            Socket firstCalled = orPort.next();
            call(link);
            orPort.next();
            Socket third = call(link);
            third.getOutputStream().write(hello);
            assertEquals(Refusal.TOO_MANY_STRANGERS, link.nextRefusal());
            assertEquals(1L, link.serverTotals.snapshot().bounds().get(Bound.STRANGERS));
            assertTrue(orPort.nobodyCame());
            // Another address, and a client of the same one.
            Socket other = callFrom(2, link);
            other.getOutputStream().write(hello);
            Socket otherCalled = orPort.next();
            assertArrayEquals(hello, otherCalled.getInputStream().readNBytes(hello.length));
            PatternUser client = PatternUser.client(1_000);
            link.dial(LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS), client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertTrue(orPort.nobodyCame());
            // Room of another address is none for the third.
            other.close();
            otherCalled.close();
            Eventually.holds("the other is gone", () -> link.strangersPresent() == 3);
            assertTrue(orPort.nobodyCame());
            first.close();
            firstCalled.close();
            assertArrayEquals(hello, orPort.next().getInputStream().readNBytes(hello.length));
        }
    }

    /** Tells the ORPort the stranger's port, and waits for a byte: {@code Y} for yes. */
    private static final class Introducing extends ByteToMessageDecoder {
        private final Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();
        private final int port;

        Introducing(InetSocketAddress stranger) {
            this.port = stranger.getPort();
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            var unused = ctx.writeAndFlush(ctx.alloc().buffer(2).writeShort(port));
            ctx.fireChannelActive();
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            if (in.readByte() == 'Y') {
                ready.setSuccess(null);
                ctx.pipeline().remove(this);
            } else {
                ctx.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) throws Exception {
            super.channelInactive(ctx);
            ready.tryFailure(new IOException("refused"));
        }
    }

    private static final Introduction INTRODUCTION = (pipeline, stranger) -> {
        Introducing introducing = new Introducing(stranger);
        pipeline.addLast(introducing);
        return introducing.ready;
    };

    @Test
    void aStrangersBytesComeBehindTheIntroduction() throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            LinkFixture link =
                    link(StrangerConfig.DEFAULT.withDecoy(Decoy.extendedOrPort(orPort.address(), INTRODUCTION)));
            byte[] hello = ClientHellos.unmarked();
            byte[] up = random(1_000_000);
            Socket caller = call(link);
            CompletableFuture<Void> sent = write(caller, hello, up);
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            Socket called = orPort.next();
            DataInputStream in = new DataInputStream(called.getInputStream());
            assertEquals(caller.getLocalPort(), in.readUnsignedShort());
            assertEquals(0, in.available(), "more than the introduction");
            // What follows the answer is the stranger's.
            called.getOutputStream().write(new byte[] {'Y', 1, 2, 3});
            assertArrayEquals(new byte[] {1, 2, 3}, caller.getInputStream().readNBytes(3));
            assertArrayEquals(hello, in.readNBytes(hello.length));
            assertArrayEquals(up, in.readAllBytes());
            await(sent);
            called.shutdownOutput();
            assertEquals(-1, caller.getInputStream().read());
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    /** It says no, it ends, it resets: to the stranger each is a relay that is down. A client does not notice. */
    @ParameterizedTest
    @ValueSource(strings = {"no", "end", "reset"})
    void anIntroductionThatFailsIsAnOrPortThatIsNotThere(String how) throws Exception {
        try (DecoyServer orPort = new DecoyServer()) {
            LinkFixture link =
                    link(StrangerConfig.DEFAULT.withDecoy(Decoy.extendedOrPort(orPort.address(), INTRODUCTION)));
            for (boolean speaks : new boolean[] {true, false}) {
                Socket caller = call(link);
                if (speaks) {
                    caller.getOutputStream().write(ClientHellos.unmarked());
                    assertEquals(Refusal.STRANGER, link.nextRefusal());
                }
                Socket called = orPort.next();
                assertEquals(2, called.getInputStream().readNBytes(2).length);
                switch (how) {
                    case "no" -> called.getOutputStream().write('N');
                    case "end" -> called.shutdownOutput();
                    default -> {
                        called.setSoLinger(true, 0);
                        called.close();
                    }
                }
                assertThrows(
                        SocketException.class, () -> caller.getInputStream().read());
            }
            assertEquals(1, link.decoyFailures.get(), "told once");
            PatternUser client = PatternUser.client(1_000);
            link.dial(LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS), client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }
}
