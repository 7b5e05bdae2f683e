package dev.tandem.metrics;

import dev.tandem.metrics.MetricsAddress.Loopback;
import dev.tandem.metrics.MetricsAddress.UnixSocket;
import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves metrics by HTTP, on a thread of its own: to write them takes milliseconds, the first time many of them, for which no
 * session shall wait. A connection has one request and a few seconds, and there are few of them at once.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
final class MetricsListener implements AutoCloseable {
    static final int MAX_CONNECTIONS = 8;
    static final int MAX_REQUEST_LINE = 1 << 10;
    static final int MAX_HEADERS = 4 << 10;
    private static final int MAX_CHUNK = 1 << 10;
    private static final int STOP_SECONDS = 2;

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final EventLoop loop = group.next();
    private final long limitMillis;
    private final String contentType;
    private final Supplier<byte[]> text;
    private @Nullable SocketFile file;
    private @Nullable Channel listening;
    private int connections;

    /**
     * A listener that does not listen yet.
     *
     * @param limitMillis how long a connection may be open
     * @param text what is shown, of that type; asked on the listener's thread
     */
    MetricsListener(long limitMillis, String contentType, Supplier<byte[]> text) {
        this.limitMillis = limitMillis;
        this.contentType = contentType;
        this.text = text;
    }

    /**
     * Listens; once.
     *
     * @throws IOException with a single line that may hold the address
     */
    void listen(MetricsAddress address) throws IOException {
        if (address instanceof Loopback loopback) {
            listening = bind(loopback.address(), true);
        } else if (address instanceof UnixSocket unix) {
            SocketFile made = SocketFile.prepare(unix.path());
            file = made;
            listening = bind(socketAddress(made.inside()), false);
            made.publish();
        }
    }

    private SocketAddress socketAddress(Path path) {
        return UtpTransports.isEpoll(loop)
                ? new DomainSocketAddress(path.toString())
                : UnixDomainSocketAddress.of(path);
    }

    private Channel bind(SocketAddress address, boolean tcp) throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channelFactory(() -> newChannel(tcp))
                .childHandler(new Connections(tcp));
        if (tcp) {
            bootstrap.option(ChannelOption.SO_REUSEADDR, true);
        }
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen: " + bound.cause().getMessage(), bound.cause());
        }
        return bound.channel();
    }

    private ServerChannel newChannel(boolean tcp) {
        if (tcp) {
            return UtpTransports.newServerSocketChannel(loop);
        }
        return UtpTransports.isEpoll(loop) ? new EpollServerDomainSocketChannel() : new NioServerDomainSocketChannel();
    }

    /** The port listened on; 0 for a Unix socket. */
    int port() {
        return listening != null && listening.localAddress() instanceof InetSocketAddress address
                ? address.getPort()
                : 0;
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // It is left, and the next one to start replaces it.
            }
        }
    }

    /** On the listener's thread, all of it. */
    private final class Connections extends ChannelInitializer<Channel> {
        private final boolean tcp;

        Connections(boolean tcp) {
            this.tcp = tcp;
        }

        @Override
        protected void initChannel(Channel channel) {
            if (connections == MAX_CONNECTIONS) {
                channel.close();
                return;
            }
            connections++;
            Future<?> limit = loop.schedule(() -> channel.close(), limitMillis, TimeUnit.MILLISECONDS);
            channel.closeFuture().addListener(closed -> {
                connections--;
                limit.cancel(false);
            });
            HttpDecoderConfig bounds = new HttpDecoderConfig()
                    .setMaxInitialLineLength(MAX_REQUEST_LINE)
                    .setMaxHeaderSize(MAX_HEADERS)
                    .setMaxChunkSize(MAX_CHUNK);
            channel.pipeline().addLast(new HttpServerCodec(bounds)).addLast(new MetricsHandler(tcp, contentType, text));
        }
    }
}
