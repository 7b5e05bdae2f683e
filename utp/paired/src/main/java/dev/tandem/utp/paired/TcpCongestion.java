package dev.tandem.utp.paired;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The kernel's congestion control of a TCP socket, TCP_CONGESTION of tcp(7). Linux and epoll only: elsewhere the socket
 * stays as the system has it.
 */
final class TcpCongestion {
    /** TCP_CA_NAME_MAX: room for a name and the zero behind it. */
    private static final int NAME_BYTES = 16;

    private static final int IPPROTO_TCP = 6;
    private static final ChannelOption<ByteBuffer> TCP_CONGESTION =
            new RawUnixChannelOption("TCP_CONGESTION", IPPROTO_TCP, 13, NAME_BYTES);

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(TcpCongestion.class);
    private static final AtomicBoolean REFUSAL_LOGGED = new AtomicBoolean();

    private TcpCongestion() {}

    /**
     * Asks for a congestion control; the socket keeps the one it has if the kernel knows none of that name (ENOENT) or
     * keeps it for others (EPERM, see tcp_allowed_congestion_control). A listening socket passes it on to those that it
     * accepts.
     *
     * @return whether the socket has it now
     */
    static boolean ask(Channel channel, String name) {
        if (!(channel instanceof UnixChannel)) {
            return false;
        }
        ByteBuffer value = ByteBuffer.allocate(NAME_BYTES);
        value.put(name.getBytes(StandardCharsets.US_ASCII)).rewind();
        try {
            return channel.config().setOption(TCP_CONGESTION, value);
        } catch (ChannelException e) {
            if (!REFUSAL_LOGGED.getAndSet(true)) {
                LOG.debug("TCP stays without {}", name, e);
            }
            return false;
        }
    }

    /** The name of the one in use; empty where it cannot be told. */
    static String of(Channel channel) {
        ByteBuffer value = channel instanceof UnixChannel ? channel.config().getOption(TCP_CONGESTION) : null;
        if (value == null) {
            return "";
        }
        int length = 0;
        while (length < value.limit() && value.get(length) != 0) {
            length++;
        }
        return StandardCharsets.US_ASCII.decode(value.slice(0, length)).toString();
    }
}
