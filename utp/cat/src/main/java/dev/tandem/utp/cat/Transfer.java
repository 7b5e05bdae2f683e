package dev.tandem.utp.cat;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpFinishedEvent;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One connection joined to two streams. The event loop never waits for them: a thread reads the input no faster than the
 * channel takes it, and the caller's thread writes the output while the channel holds what it cannot keep up with.
 */
final class Transfer extends ChannelInboundHandlerAdapter {
    private static final int CHUNK_BYTES = 128 << 10;
    private static final int INPUT_CHUNKS = 8;
    private static final int MAX_QUEUED_BYTES = 2 << 20;

    /** Waits for so long for more to write, since waking a thread for every few packets costs more than the packets. */
    private static final long GATHER_NANOS = 100_000;

    /** Long enough for the peer to repeat its FIN once, should our last acknowledgement be lost. */
    private static final int LINGER_MILLIS = 300;

    private static final int STOP_MILLIS = 2_000;

    /** What the event loop has for the writer of the output. */
    private sealed interface Item {
        record Bytes(ByteBuf content) implements Item {}

        record End() implements Item {}

        record Failure(IOException cause) implements Item {}
    }

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final ReadableByteChannel in;
    private final WritableByteChannel out;
    private final @Nullable PrintWriter report;
    private final ConnectionConfig config;
    private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();
    private final AtomicInteger queuedBytes = new AtomicInteger();

    /** Those that the channel has nothing of any more. */
    private final BlockingQueue<ByteBuffer> freeChunks = new LinkedBlockingQueue<>();

    private final AtomicLong sentBytes = new AtomicLong();
    private long receivedBytes;
    private volatile @Nullable Channel channel;

    /** On the event loop: both ends are over, and the peer knows that ours is. */
    private boolean finished;

    private boolean inputEnded;

    /**
     * A transfer that is yet to be begun.
     *
     * @param report where the figures go at the end, or null for nowhere
     */
    Transfer(ReadableByteChannel in, WritableByteChannel out, @Nullable PrintWriter report, ConnectionConfig config) {
        this.in = in;
        this.out = out;
        this.report = report;
        this.config = config;
    }

    /** Dials, and returns when both directions have ended. */
    void dial(InetSocketAddress remote) throws IOException, InterruptedException {
        ChannelFuture connected = new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, config)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(CHUNK_BYTES))
                .handler(this)
                .connect(remote)
                .await();
        if (!connected.isSuccess()) {
            throw failure(connected.cause());
        }
        writeOutput();
    }

    /** Accepts one connection, and returns when both its directions have ended. */
    void serve(InetSocketAddress local) throws IOException, InterruptedException {
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, config)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(CHUNK_BYTES))
                .childHandler(new ChannelInitializer<>() {
                    private boolean taken;

                    @Override
                    protected void initChannel(Channel channel) {
                        if (taken) {
                            channel.close();
                        } else {
                            taken = true;
                            channel.parent().close();
                            channel.pipeline().addLast(Transfer.this);
                        }
                    }
                })
                .bind(local)
                .await();
        if (!bound.isSuccess()) {
            throw failure(bound.cause());
        }
        writeOutput();
    }

    /** Leaves the peer the time to hear our last word. */
    void close() throws InterruptedException {
        group.shutdownGracefully(LINGER_MILLIS, STOP_MILLIS, TimeUnit.MILLISECONDS)
                .await();
        // After a failure bytes may be left that nobody will write.
        for (Item item; (item = items.poll()) != null; ) {
            if (item instanceof Item.Bytes bytes) {
                bytes.content().release();
            }
        }
    }

    // ---- the caller's thread: output ----

    private void writeOutput() throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            Item item = nextItem();
            if (item instanceof Item.Bytes bytes) {
                int count = bytes.content().readableBytes();
                try {
                    ByteBuffer rest = bytes.content().nioBuffer();
                    while (rest.hasRemaining()) {
                        out.write(rest);
                    }
                } catch (IOException e) {
                    throw new IOException("standard output: " + e.getMessage(), e);
                } finally {
                    bytes.content().release();
                }
                receivedBytes += count;
                Channel from = channel;
                if (queuedBytes.addAndGet(-count) < MAX_QUEUED_BYTES / 2 && from != null) {
                    from.config().setAutoRead(true);
                }
            } else if (item instanceof Item.Failure failure) {
                throw failure.cause();
            } else {
                report(start);
                return;
            }
        }
    }

    private Item nextItem() throws InterruptedException {
        Item item = items.poll();
        if (item == null) {
            LockSupport.parkNanos(GATHER_NANOS);
            item = items.take();
        }
        return item;
    }

    // ---- the reader's thread: input ----

    private void readInput(Channel to) {
        for (int i = 0; i < INPUT_CHUNKS; i++) {
            freeChunks.add(ByteBuffer.allocateDirect(CHUNK_BYTES));
        }
        try {
            ByteBuffer chunk = freeChunks.take();
            for (int count; to.isOpen() && (count = in.read(chunk)) >= 0; ) {
                sentBytes.addAndGet(count);
                ByteBuffer written = chunk;
                to.writeAndFlush(Unpooled.wrappedBuffer(chunk.flip()))
                        .addListener(done -> freeChunks.add(written.clear()));
                chunk = freeChunks.take();
            }
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> ((UtpChannel) to).shutdownOutput());
        } catch (IOException e) {
            items.add(new Item.Failure(new IOException("standard input: " + e.getMessage(), e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the event loop ----

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        channel = ctx.channel();
        Thread reader = new Thread(() -> readInput(ctx.channel()), "standard-input");
        reader.setDaemon(true);
        reader.start();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (queuedBytes.addAndGet(bytes.readableBytes()) >= MAX_QUEUED_BYTES) {
            ctx.channel().config().setAutoRead(false);
        }
        items.add(new Item.Bytes(bytes));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded = true;
        } else if (event == UtpFinishedEvent.INSTANCE) {
            finished = true;
        }
        if (inputEnded && finished) {
            items.add(new Item.End());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        items.add(new Item.Failure(new IOException("the connection ended before both directions did")));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        items.add(new Item.Failure(failure(cause)));
        ctx.close();
    }

    private static IOException failure(Throwable cause) {
        return cause instanceof IOException io ? io : new IOException(String.valueOf(cause.getMessage()), cause);
    }

    private void report(long startNanos) {
        PrintWriter to = report;
        if (to == null) {
            return;
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        long sent = sentBytes.get();
        to.printf(
                Locale.ROOT,
                "utpcat: %d bytes sent, %d received in %.2f s (%.1f and %.1f Mbit/s)%n",
                sent,
                receivedBytes,
                seconds,
                sent * 8 / seconds / 1e6,
                receivedBytes * 8 / seconds / 1e6);
        to.flush();
    }
}
