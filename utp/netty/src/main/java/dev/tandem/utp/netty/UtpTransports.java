package dev.tandem.utp.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.concurrent.TimeUnit;

/** Chooses the machine's best transport: epoll where it is to be had, NIO elsewhere. */
public final class UtpTransports {
    private UtpTransports() {}

    /**
     * An event loop group of the best kind.
     *
     * @param threads how many loops, at least 1; µTP needs no more than one for each UDP socket
     */
    public static EventLoopGroup newEventLoopGroup(int threads) {
        return new MultiThreadIoEventLoopGroup(
                threads, Epoll.isAvailable() ? SteadyEpollHandler.newFactory() : NioIoHandler.newFactory());
    }

    /**
     * What the machine's best transport can do.
     *
     * @param epoll whether it is epoll; all else needs that
     * @param segments whether a batch of datagrams goes out in one call (GSO)
     * @param coalesces whether a batch of datagrams comes in in one call (GRO)
     */
    public record Features(boolean epoll, boolean segments, boolean coalesces) {}

    /** Finds out as a µTP socket would, by a socket of its own where that is needed. */
    public static Features features() {
        if (!Epoll.isAvailable()) {
            return new Features(false, false, false);
        }
        EpollDatagramChannel channel = new EpollDatagramChannel();
        boolean coalesces;
        try {
            coalesces = channel.config().setOption(EpollChannelOption.UDP_GRO, true);
        } catch (RuntimeException e) {
            coalesces = false;
        } finally {
            channel.unsafe().closeForcibly();
        }
        return new Features(true, EpollDatagramChannel.isSegmentedDatagramPacketSupported(), coalesces);
    }

    /**
     * Loads, on a thread that ends by itself, what the first event loop and the first channels would otherwise wait for: Netty's
     * classes, its native library and its allocator.
     */
    public static void preload() {
        Thread thread = new Thread(
                () -> {
                    EventLoopGroup group = newEventLoopGroup(1);
                    ByteBufAllocator.DEFAULT.directBuffer().release();
                    newServerSocketChannel(group.next()).unsafe().closeForcibly();
                    newDatagramChannel(group.next()).unsafe().closeForcibly();
                    group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
                },
                "preload");
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether a loop drives its channels by epoll. */
    public static boolean isEpoll(EventLoop loop) {
        return loop instanceof IoEventLoop io
                && (io.isIoType(SteadyEpollHandler.class) || io.isIoType(EpollIoHandler.class));
    }

    /** A TCP channel that fits the loop. */
    public static SocketChannel newSocketChannel(EventLoop loop) {
        return isEpoll(loop) ? new EpollSocketChannel() : new NioSocketChannel();
    }

    /** A listening TCP channel that fits the loop. */
    public static ServerChannel newServerSocketChannel(EventLoop loop) {
        return isEpoll(loop) ? new EpollServerSocketChannel() : new NioServerSocketChannel();
    }

    static DatagramChannel newDatagramChannel(EventLoop loop) {
        return isEpoll(loop) ? new EpollDatagramChannel() : new NioDatagramChannel();
    }
}
