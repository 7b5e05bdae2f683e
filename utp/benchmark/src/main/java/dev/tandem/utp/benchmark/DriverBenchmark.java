package dev.tandem.utp.benchmark;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.Endpoint;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import dev.tandem.utp.protocol.wire.Packet;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Both ends of a bulk transfer over loopback, sockets and all, on an event loop each; one operation is a packet of data. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DriverBenchmark {
    private static final int PACKETS = 10_000;
    private static final int PIECE_BYTES = 128 << 10;
    private static final long LOOK_NANOS = 100_000;
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final ConnectionConfig CONFIG =
            ConnectionConfig.DEFAULT.withCongestionController(CongestionControl.BBR.factory());

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(2);
    private final Counter counter = new Counter();
    private final ByteBuf piece = Unpooled.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES);
    private long payloadBytes;

    @Setup(Level.Trial)
    public void begin() throws InterruptedException {
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, CONFIG)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(PIECE_BYTES))
                .childHandler(counter)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
        UtpChannel client = (UtpChannel) new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, CONFIG)
                .handler(new Source(piece))
                .connect(server.localAddress())
                .sync()
                .channel();
        // The path's MTU is found within the first packets.
        payloadBytes = Endpoint.BASE_DATAGRAM_BYTES;
        packet();
        long datagramBytes = client.eventLoop()
                .submit(() -> Objects.requireNonNull(client.stats()).datagramBytes())
                .sync()
                .getNow();
        payloadBytes = datagramBytes - Packet.HEADER_BYTES;
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void packet() {
        long until = counter.receivedBytes + PACKETS * payloadBytes;
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (counter.receivedBytes < until) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("nothing comes any more");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    @TearDown(Level.Trial)
    public void end() throws InterruptedException {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        piece.release();
    }

    private static final class Counter extends ChannelInboundHandlerAdapter {
        /** Written by one event loop. */
        private volatile long receivedBytes;

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            receivedBytes += bytes.readableBytes();
            bytes.release();
        }
    }
}
