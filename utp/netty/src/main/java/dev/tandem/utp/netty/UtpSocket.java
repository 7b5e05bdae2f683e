package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionEvent;
import dev.tandem.utp.protocol.Endpoint;
import dev.tandem.utp.protocol.EndpointConfig;
import dev.tandem.utp.protocol.EndpointStats;
import dev.tandem.utp.protocol.Transmit;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket with its {@link Endpoint}, on one event loop: turns datagrams and time into calls of the engine, and what
 * the engine wants sent into datagrams. It knows nothing of the protocol.
 *
 * <p>It outlives the channels that use it until the engine has delivered their last bytes, and closes then.
 */
final class UtpSocket extends ChannelInboundHandlerAdapter {
    /** Room for the kernel's largest batch of equal datagrams (GRO, GSO), which is one UDP datagram of 64 KiB. */
    private static final int BATCH_BUFFER_BYTES = 65_535;

    /** At most so many in one system call: the kernel's own bound (UDP_MAX_SEGMENTS). */
    private static final int MAX_SEGMENTS = 46;

    /** A datagram may not be larger, and neither may a batch of them. */
    private static final int MAX_BATCH_BYTES = 65_000;

    private static final int MIN_DATAGRAM_BYTES = 1_500;

    /** Above that the socket does not keep up, and sending waits. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(256 << 10, 512 << 10);

    /** So much is sent before others on the event loop have their turn. */
    private static final int MAX_TURN_BYTES = 512 << 10;

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(UtpSocket.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final EventLoop loop;
    private final DatagramChannel channel;

    /** Datagrams of up to this size go out in batches (GSO); 0 for none, since some devices refuse. */
    private int maxSegmentBytes;

    private final DontFragment dontFragment;

    private final ReusedBuffer receiveBuffer;
    private final ReusedBuffer transmitBuffer;
    private final Endpoint endpoint;
    private final Set<UtpChannel> channels = new HashSet<>();
    private @Nullable UtpServerChannel server;
    private int datagramBytes = MIN_DATAGRAM_BYTES;

    private final DrainPace pace = new DrainPace();
    /** Timers that are exact enough. */
    private final boolean paced;

    private boolean inBatch;
    private boolean draining;
    private boolean drainScheduled;
    private boolean drainDelayed;
    private boolean faultLogged;
    private @Nullable ScheduledFuture<?> timer;
    private long timerNanos;

    private UtpSocket(EventLoop loop, EndpointConfig config, @Nullable UtpServerChannel server) {
        this.loop = loop;
        this.server = server;
        this.channel = UtpTransports.newDatagramChannel(loop);
        this.paced = channel instanceof EpollDatagramChannel;
        boolean segments =
                channel instanceof EpollDatagramChannel && EpollDatagramChannel.isSegmentedDatagramPacketSupported();
        this.maxSegmentBytes = segments ? MAX_BATCH_BYTES : 0;
        this.dontFragment = new DontFragment(channel);
        EndpointConfig ours = config.withAccepting(server != null).withDontFragment(dontFragment.set(true));
        this.endpoint = new Endpoint(ours, RANDOM::nextInt);
        useDatagramsOf(config.connection());
        this.receiveBuffer = new ReusedBuffer(BATCH_BUFFER_BYTES);
        this.transmitBuffer = new ReusedBuffer(BATCH_BUFFER_BYTES);
    }

    /**
     * Opens and binds a socket; on its event loop.
     *
     * @param server who gets the connections that peers dial, or null to refuse them
     * @param between what changes each datagram on its way, or null
     */
    static UtpSocket open(
            EventLoop loop,
            SocketAddress local,
            EndpointConfig config,
            int udpBufferBytes,
            @Nullable UtpServerChannel server,
            @Nullable ChannelHandler between)
            throws IOException {
        UtpSocket socket = new UtpSocket(loop, config, server);
        DatagramChannel channel = socket.channel;
        if (between != null) {
            channel.pipeline().addLast(between);
            // It makes one datagram of one.
            socket.maxSegmentBytes = 0;
        }
        channel.pipeline().addLast(socket);
        channel.config().setOption(ChannelOption.SO_RCVBUF, udpBufferBytes);
        channel.config().setOption(ChannelOption.SO_SNDBUF, udpBufferBytes);
        channel.config().setWriteBufferWaterMark(WATER_MARK);
        channel.config().setRecvByteBufAllocator(socket.receiveBuffer.forReading());
        if (channel instanceof EpollDatagramChannel) {
            try {
                channel.config().setOption(EpollChannelOption.UDP_GRO, true);
            } catch (RuntimeException e) {
                // A kernel before 5.0: datagrams come one by one, and that is all.
            }
        }
        channel.closeFuture().addListener(closed -> {
            socket.receiveBuffer.close();
            socket.transmitBuffer.close();
        });
        // Both complete before they return, since this is the loop's own thread.
        ChannelPromise registered = channel.newPromise();
        channel.unsafe().register(loop, registered);
        ChannelPromise bound = channel.newPromise();
        if (registered.cause() == null) {
            channel.unsafe().bind(local, bound);
        }
        Throwable cause = registered.cause() != null ? registered.cause() : bound.cause();
        if (cause != null || !bound.isSuccess()) {
            channel.unsafe().closeForcibly();
            throw cause instanceof IOException io ? io : new IOException("the UDP socket cannot be bound", cause);
        }
        return socket;
    }

    DatagramChannel channel() {
        return channel;
    }

    EventLoop loop() {
        return loop;
    }

    @Nullable
    InetSocketAddress localAddress() {
        return channel.localAddress();
    }

    EndpointStats stats() {
        return endpoint.stats();
    }

    void sourceKnown(InetAddress source) {
        endpoint.handleSourceKnown(now(), source);
        drainSoon();
    }

    /** Dials for a channel, which hears of what happens from now on. */
    Connection connect(UtpChannel user, InetSocketAddress remote, ConnectionConfig config) {
        useDatagramsOf(config);
        Connection connection = endpoint.connect(now(), normalised(remote), config);
        attach(user, connection);
        drainSoon();
        return connection;
    }

    void attach(UtpChannel user, Connection connection) {
        connection.attachment(user);
        channels.add(user);
    }

    /** The channel is closed; its connection goes on by itself until it has delivered what was written. */
    void detach(UtpChannel user, @Nullable Connection connection) {
        channels.remove(user);
        if (connection != null) {
            connection.attachment(null);
        }
        drainSoon();
    }

    /** Accepts no more; connections that are there go on. */
    void detachServer() {
        server = null;
        endpoint.accepting(false);
        drainSoon();
    }

    /** Something was written, read or closed. Within a batch of datagrams the end of the batch is soon enough. */
    void drainSoon() {
        if (!inBatch) {
            drain();
        }
    }

    private static long now() {
        return System.nanoTime();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inBatch = true;
        DatagramPacket datagram = (DatagramPacket) message;
        try {
            ByteBuffer bytes = receiveBuffer.view(datagram.content());
            pace.onDatagram(bytes.remaining());
            endpoint.handleDatagram(now(), normalised(datagram.sender()), bytes);
        } catch (RuntimeException e) {
            // It promises not to. The connections go on with whatever state it has left them in; one line is enough,
            // since
            // whoever sent the datagram can send more of them.
            if (!faultLogged) {
                faultLogged = true;
                LOG.error("A datagram could not be handled", e);
            }
        } finally {
            datagram.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        inBatch = false;
        long delayNanos = paced ? pace.delayNanos(now()) : 0;
        if (delayNanos == 0) {
            drain();
        } else if (!drainDelayed) {
            drainDelayed = true;
            loop.schedule(this::drainDelayed, delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void drainDelayed() {
        drainDelayed = false;
        if (pace.isWaiting()) {
            drain();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            drainSoon();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelTimer();
        for (UtpChannel user : channels.toArray(new UtpChannel[0])) {
            user.onSocketClosed();
        }
        if (server != null) {
            server.onSocketClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A datagram that could not be sent is a lost one, and ICMP errors can be forged: the engine's timers decide.
    }

    /** Handles events and sends until the engine has no more of either, then arms the timer. */
    private void drain() {
        if (draining || !channel.isOpen()) {
            return;
        }
        draining = true;
        try {
            int sentBytes = 0;
            boolean more = true;
            while (more && channel.isOpen()) {
                more = dispatchEvents();
                int bytes = transmit();
                more |= bytes > 0;
                sentBytes += bytes;
                if (sentBytes >= MAX_TURN_BYTES) {
                    drainLater();
                    break;
                }
            }
        } finally {
            draining = false;
            pace.onDrained(now());
        }
        if (server != null) {
            server.onDrained();
        }
        if (server == null && channels.isEmpty() && endpoint.stats().connections() == 0) {
            cancelTimer();
            channel.close();
        } else {
            armTimer();
        }
    }

    private void drainLater() {
        if (!drainScheduled) {
            drainScheduled = true;
            loop.execute(() -> {
                drainScheduled = false;
                drain();
            });
        }
    }

    private boolean dispatchEvents() {
        boolean any = false;
        for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; any = true) {
            Connection connection = event.connection();
            pace.onEvent(connection.minRttNanos());
            if (event.kind() == ConnectionEvent.Kind.INCOMING) {
                if (server == null) {
                    connection.reset();
                } else {
                    server.onIncoming(connection);
                }
            } else if (connection.attachment() instanceof UtpChannel user) {
                dispatch(user, event);
            }
        }
        return any;
    }

    /** Handlers' exceptions stay in their pipelines; what comes through all the same must not stop the other connections. */
    private static void dispatch(UtpChannel user, ConnectionEvent event) {
        try {
            user.onEvent(event.kind());
        } catch (RuntimeException e) {
            event.connection().reset();
            user.pipeline().fireExceptionCaught(e);
        }
    }

    /**
     * Fills a buffer with datagrams, and hands runs of equal ones for one peer to the kernel as one (GSO).
     *
     * @return bytes sent
     */
    private int transmit() {
        if (!channel.isWritable()) {
            return 0;
        }
        ByteBuf batch = null;
        int runStart = 0;
        int runSegment = 0;
        int runLength = 0;
        boolean runEnded = false;
        InetSocketAddress runRemote = null;
        int sentBytes = 0;
        while (channel.isWritable()) {
            if (batch == null) {
                batch = transmitBuffer.take();
                runStart = 0;
                runLength = 0;
                runRemote = null;
            }
            int start = batch.writerIndex();
            ByteBuffer out = batch.internalNioBuffer(start, batch.writableBytes());
            Transmit transmit = endpoint.pollTransmit(now(), out);
            if (transmit == null) {
                break;
            }
            int size = transmit.sizeBytes();
            sentBytes += size;
            batch.writerIndex(start + size);
            boolean mayFragment = transmit.mayFragment();
            if (size > Endpoint.BASE_DATAGRAM_BYTES && mayFragment == dontFragment.isSet()) {
                send(batch, runStart, runLength, runSegment, runRemote);
                runRemote = null;
                runLength = 0;
                // What is queued leaves before the socket changes.
                channel.flush();
                dontFragment.set(!mayFragment);
            }
            boolean joins = runSegment <= maxSegmentBytes
                    && runRemote != null
                    && !runEnded
                    && !mayFragment
                    && runRemote.equals(transmit.remote())
                    && size <= runSegment
                    && runLength + size <= MAX_BATCH_BYTES
                    && runLength < MAX_SEGMENTS * runSegment;
            if (!joins) {
                send(batch, runStart, runLength, runSegment, runRemote);
                runStart = start;
                runSegment = size;
                runLength = 0;
                runRemote = transmit.remote();
            }
            runLength += size;
            // The kernel makes no batch of what it may have to fragment.
            runEnded = mayFragment || (joins && size < runSegment);
            if (batch.writableBytes() < datagramBytes) {
                send(batch, runStart, runLength, runSegment, runRemote);
                batch.release();
                batch = null;
                // So that the buffer is free again.
                channel.flush();
            }
        }
        if (batch != null) {
            send(batch, runStart, runLength, runSegment, runRemote);
            batch.release();
        }
        if (sentBytes > 0) {
            channel.flush();
        }
        return sentBytes;
    }

    private void send(ByteBuf batch, int start, int length, int segment, @Nullable InetSocketAddress remote) {
        if (length == 0 || remote == null) {
            return;
        }
        ByteBuf bytes = batch.retainedSlice(start, length);
        if (length > segment) {
            channel.write(new SegmentedDatagramPacket(bytes, segment, remote)).addListener(written -> {
                // What was in it is lost, and will be sent again, one by one. A device whose MTU has become smaller
                // refuses
                // large segments only.
                if (!written.isSuccess()) {
                    maxSegmentBytes = segment > Endpoint.BASE_DATAGRAM_BYTES ? Endpoint.BASE_DATAGRAM_BYTES : 0;
                }
            });
        } else {
            channel.write(new DatagramPacket(bytes, remote), channel.voidPromise());
        }
    }

    private void armTimer() {
        long deadline = endpoint.pollTimeout();
        if (deadline == Endpoint.NO_TIMEOUT) {
            // A timer that is armed all the same finds nothing to do.
            return;
        }
        if (timer != null && timerNanos - deadline <= 0) {
            return;
        }
        cancelTimer();
        timerNanos = deadline;
        timer = loop.schedule(this::onTimer, Math.max(0, deadline - now()), TimeUnit.NANOSECONDS);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void onTimer() {
        timer = null;
        endpoint.handleTimeout(now());
        drain();
    }

    private void useDatagramsOf(ConnectionConfig config) {
        datagramBytes = Math.max(datagramBytes, config.maxDatagramBytes());
    }

    /** IPv4 within IPv6 as IPv4, so that one peer has one address however the socket was bound. */
    private static InetSocketAddress normalised(InetSocketAddress address) {
        if (!(address.getAddress() instanceof Inet6Address v6)) {
            return address;
        }
        byte[] bytes = v6.getAddress();
        for (int i = 0; i < 12; i++) {
            if (bytes[i] != (i < 10 ? 0 : (byte) 0xff)) {
                return address;
            }
        }
        try {
            InetAddress v4 = Inet4Address.getByAddress(Arrays.copyOfRange(bytes, 12, 16));
            return new InetSocketAddress(v4, address.getPort());
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an IPv4 address", e);
        }
    }
}
