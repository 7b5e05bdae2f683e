package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * The TCP connections between a proxy and its tor, which a {@link SessionRelay} joins to sessions. What waits in them is
 * delay that tor cannot undo: it has decided what goes first when it writes. So they are kept small on all that is ours.
 */
public final class LocalSockets {
    /** What is read at once, and so the most that waits here when the carrier takes no more. */
    private static final int READ_BYTES = 8 * 1024;

    /**
     * tor writes what the kernel will send soon, which it takes from the congestion window (its scheduler KIST); and that counts
     * segments, which on loopback have 64 KiB unless somebody asks for less. Much less would be too little: on loopback CUBIC leaves
     * slow start from 16 segments on (HyStart), and tor writes twice the window each three milliseconds; with 536 bytes that is
     * all that an upload gets, 30 Mbit/s.
     *
     * <p>And the kernel gives tor's socket room for as many segments, each with its overhead rounded up to a power of two: 2,048 up to
     * 1,536 bytes, of which an Ethernet's 1,448 make tor's backlog fill two thirds. The kernel then takes tor for one that its buffer
     * holds back, and never shrinks a congestion window that is not used. A little more than 1,536 has twice the room.
     */
    private static final int SEGMENT_BYTES = 1_600;

    private static final int IPPROTO_TCP = 6;
    private static final ChannelOption<Integer> TCP_MAXSEG = new IntegerUnixChannelOption("TCP_MAXSEG", IPPROTO_TCP, 2);
    private static final ChannelOption<Integer> TCP_WINDOW_CLAMP =
            new IntegerUnixChannelOption("TCP_WINDOW_CLAMP", IPPROTO_TCP, 10);

    /** Where the window cannot be set apart from the buffer, and loopback's segments have 64 KiB: less than one would stall the writer. */
    private static final int FIXED_BUFFER_BYTES = 64 * 1024;

    private static final AttributeKey<Boolean> HAS_WINDOW = AttributeKey.valueOf(LocalSockets.class, "hasWindow");

    private LocalSockets() {}

    /** Sets what a listener for such connections and those that it accepts need. */
    public static ServerBootstrap accepting(EventLoop loop, ServerBootstrap bootstrap) {
        if (UtpTransports.isEpoll(loop)) {
            bootstrap
                    .option(TCP_MAXSEG, SEGMENT_BYTES)
                    .option(TCP_WINDOW_CLAMP, InputWindow.MIN_BYTES)
                    .option(ChannelOption.SO_RCVBUF, InputWindow.bufferBytes(InputWindow.MIN_BYTES))
                    .childAttr(HAS_WINDOW, true);
        } else {
            bootstrap.option(ChannelOption.SO_RCVBUF, FIXED_BUFFER_BYTES);
        }
        return bootstrap
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /** Sets what such a connection needs that is dialled. */
    public static Bootstrap dialling(EventLoop loop, Bootstrap bootstrap) {
        if (UtpTransports.isEpoll(loop)) {
            bootstrap.attr(HAS_WINDOW, true);
        }
        return dialling(loop, bootstrap, InputWindow.MIN_BYTES);
    }

    /** As {@link #dialling(EventLoop, Bootstrap)}, with such a window all the time. */
    static Bootstrap dialling(EventLoop loop, Bootstrap bootstrap, int windowBytes) {
        if (UtpTransports.isEpoll(loop)) {
            bootstrap
                    .option(TCP_MAXSEG, SEGMENT_BYTES)
                    .option(TCP_WINDOW_CLAMP, windowBytes)
                    .option(ChannelOption.SO_RCVBUF, InputWindow.bufferBytes(windowBytes));
        } else {
            bootstrap.option(ChannelOption.SO_RCVBUF, FIXED_BUFFER_BYTES);
        }
        return bootstrap
                .option(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /** The window of a connection that was made so, and that nobody else adjusts; null for any other. */
    static @Nullable InputWindow window(Channel channel) {
        return channel.hasAttr(HAS_WINDOW) ? new InputWindow() : null;
    }

    /** Gives a connection another window. Does nothing once it is closed: the number of its descriptor may be another's by then. */
    static void setWindow(Channel channel, InputWindow window) {
        if (!channel.isOpen()) {
            return;
        }
        channel.config().setOption(ChannelOption.SO_RCVBUF, window.bufferBytes());
        renewWindow(channel, window);
    }

    /** Tells the kernel of the window again ({@link InputWindow}); as {@link #setWindow}, not once the connection is closed. */
    static void renewWindow(Channel channel, InputWindow window) {
        if (channel.isOpen()) {
            channel.config().setOption(TCP_WINDOW_CLAMP, window.bytes());
        }
    }

    private static RecvByteBufAllocator reads() {
        return new FixedRecvByteBufAllocator(READ_BYTES);
    }
}
