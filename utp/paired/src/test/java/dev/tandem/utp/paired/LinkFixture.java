package dev.tandem.utp.paired;

import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** A server and a client on loops of their own, on this machine. */
class LinkFixture implements AutoCloseable, SessionAcceptor {
    static final ServerIdentity IDENTITY = ServerIdentity.generate(new SecureRandom());
    /** Short deadlines, for tests in which somebody is silent. */
    static final LinkConfig HASTY = LinkConfig.DEFAULT
            .withTimeouts(Duration.ofSeconds(2), Duration.ofMillis(400), Duration.ofMillis(400), Duration.ofMillis(600))
            .withStrangers(StrangerConfig.DEFAULT.withWebTimeout(Duration.ofMillis(400)));

    private static final int PATIENCE_SECONDS = 30;

    /** What the leak detector found, in any test of this JVM. */
    static final List<String> LEAKS = new CopyOnWriteArrayList<>();

    static {
        ByteBufUtil.setLeakListener((type, records) -> LEAKS.add(type + records));
    }

    final EventLoopGroup clientGroup;
    final EventLoopGroup serverGroup;
    final EventLoop clientLoop;
    final EventLoop serverLoop;
    final CarrierTotals clientTotals = new CarrierTotals();
    final CarrierTotals serverTotals = new CarrierTotals();
    final AtomicLong decoyFailures = new AtomicLong();
    final BlockingQueue<Refusal> refusals = new LinkedBlockingQueue<>();
    final List<Session> accepted = new CopyOnWriteArrayList<>();
    final PathMemory memory = new PathMemory(InstantSource.system(), new SecureRandom());
    /** All of them: a session whose loop ends before it does keeps its buffers. */
    private final List<LinkClient> clients = new CopyOnWriteArrayList<>();

    final LinkClient client;
    final LinkServer server;
    final InetSocketAddress address;

    /** Makes the user of each session that is accepted; it reads at once. */
    volatile Supplier<PatternUser> serverUser = () -> PatternUser.server(0);

    volatile boolean serverReads = true;

    LinkFixture(LinkNetwork network, LinkConfig serverConfig) throws Exception {
        this(network, serverConfig, () -> new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()));
    }

    LinkFixture(LinkNetwork network, LinkConfig serverConfig, Supplier<EventLoopGroup> loops) throws Exception {
        clientGroup = loops.get();
        serverGroup = loops.get();
        clientLoop = clientGroup.next();
        serverLoop = serverGroup.next();
        client = newClient(network, memory);
        server = new LinkServer(serverLoop, serverTotals, IDENTITY, serverConfig, this, network);
        address = await(server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    /** Another client, on the same loop. */
    LinkClient newClient(LinkNetwork network, PathMemory memory) {
        LinkClient made = new LinkClient(clientLoop, clientTotals, network, memory, new Random(1));
        clients.add(made);
        return made;
    }

    /** Connections that are not clients now, or not known to be. */
    int strangersPresent() throws Exception {
        return onServer(() -> server.strangerStats().present());
    }

    /** Fails if a buffer was forgotten; only what the garbage collector came by is known. */
    static void assertNoLeaks() {
        for (int i = 0; i < 3; i++) {
            System.gc();
            // The detector looks when something new is allocated.
            UnpooledByteBufAllocator.DEFAULT.heapBuffer().release();
            ByteBufAllocator.DEFAULT.heapBuffer().release();
        }
        if (!LEAKS.isEmpty()) {
            throw new AssertionError(LEAKS.get(0));
        }
    }

    static BridgeCert cert() {
        return IDENTITY.bridgeCert();
    }

    @Override
    public SessionListener accepted(Session session) {
        accepted.add(session);
        PatternUser user = serverUser.get();
        session.autoRead(false);
        serverLoop.execute(() -> user.start(session, serverReads));
        return user;
    }

    @Override
    public void refused(Refusal refusal, InetSocketAddress from) {
        refusals.add(refusal);
    }

    @Override
    public void decoyUnreachable(long times) {
        decoyFailures.addAndGet(times);
    }

    /** Dials, and starts the user on the client's loop. */
    Session dial(LinkConfig config, PatternUser user) throws Exception {
        Future<Session> future = client.dial(address, cert(), config, user);
        Session session = await(future);
        clientLoop.submit(() -> user.start(session, true)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return session;
    }

    static <T> T await(Future<T> future) throws Exception {
        if (!future.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nothing came in " + PATIENCE_SECONDS + " s");
        }
        if (!future.isSuccess()) {
            if (future.cause() instanceof Exception e) {
                throw e;
            }
            throw new AssertionError(future.cause());
        }
        return future.getNow();
    }

    static <T> T await(java.util.concurrent.Future<T> future) throws Exception {
        return await(future, PATIENCE_SECONDS);
    }

    static <T> T await(java.util.concurrent.Future<T> future, int seconds) throws Exception {
        return future.get(seconds, TimeUnit.SECONDS);
    }

    Refusal nextRefusal() throws Exception {
        Refusal refusal = refusals.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (refusal == null) {
            throw new AssertionError("nobody was refused");
        }
        return refusal;
    }

    <T> T onServer(Callable<T> call) throws Exception {
        return await(serverLoop.submit(call));
    }

    <T> T onClient(Callable<T> call) throws Exception {
        return await(clientLoop.submit(call));
    }

    @Override
    public void close() {
        clients.forEach(each -> each.close().awaitUninterruptibly(10, TimeUnit.SECONDS));
        server.close().awaitUninterruptibly(10, TimeUnit.SECONDS);
        clientGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
        serverGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }
}
