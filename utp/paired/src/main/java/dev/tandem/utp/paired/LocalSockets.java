package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;

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
     */
    private static final int SEGMENT_BYTES = 1_448;

    private static final int IPPROTO_TCP = 6;
    private static final ChannelOption<Integer> TCP_MAXSEG = new IntegerUnixChannelOption("TCP_MAXSEG", IPPROTO_TCP, 2);
    private static final ChannelOption<Integer> TCP_WINDOW_CLAMP =
            new IntegerUnixChannelOption("TCP_WINDOW_CLAMP", IPPROTO_TCP, 10);

    private LocalSockets() {}

    /** Sets what a listener for such connections and those that it accepts need. */
    public static ServerBootstrap accepting(EventLoop loop, ServerBootstrap bootstrap) {
        if (UtpTransports.isEpoll(loop)) {
            bootstrap.option(TCP_MAXSEG, SEGMENT_BYTES).option(TCP_WINDOW_CLAMP, InputWindow.MIN_BYTES);
        }
        return bootstrap
                .option(ChannelOption.SO_RCVBUF, InputWindow.bufferBytes(InputWindow.MIN_BYTES))
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /** Sets what such a connection needs that is dialled. */
    public static Bootstrap dialling(EventLoop loop, Bootstrap bootstrap) {
        return dialling(loop, bootstrap, InputWindow.MIN_BYTES);
    }

    /** As {@link #dialling(EventLoop, Bootstrap)}, with such a window to begin with. */
    static Bootstrap dialling(EventLoop loop, Bootstrap bootstrap, int windowBytes) {
        if (UtpTransports.isEpoll(loop)) {
            bootstrap.option(TCP_MAXSEG, SEGMENT_BYTES).option(TCP_WINDOW_CLAMP, windowBytes);
        }
        return bootstrap
                .option(ChannelOption.SO_RCVBUF, InputWindow.bufferBytes(windowBytes))
                .option(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /** Gives a connection another window; where the system has none, its buffer is one. */
    static void setWindow(Channel channel, InputWindow window) {
        channel.config().setOption(ChannelOption.SO_RCVBUF, window.bufferBytes());
        if (channel instanceof EpollSocketChannel) {
            channel.config().setOption(TCP_WINDOW_CLAMP, window.bytes());
        }
    }

    private static RecvByteBufAllocator reads() {
        return new FixedRecvByteBufAllocator(READ_BYTES);
    }
}
