package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;

/**
 * Options beside Netty's own. Of those, {@code SO_SNDBUF} and {@code SO_RCVBUF} are the buffers of a µTP connection (on a
 * server: of each that it accepts; cut to what {@link ConnectionConfig} allows), {@code CONNECT_TIMEOUT_MILLIS},
 * {@code ALLOW_HALF_CLOSURE}, {@code AUTO_READ} and the water marks mean what they always do, and {@code SO_LINGER} of 0
 * makes {@code close()} send RESET.
 *
 * @param <T> the option's type
 */
public final class UtpChannelOption<T> extends ChannelOption<T> {
    /** What connections are made with; set it before {@code SO_SNDBUF} and {@code SO_RCVBUF}, which change parts of it. */
    public static final ChannelOption<ConnectionConfig> CONNECTION_CONFIG =
            valueOf(UtpChannelOption.class, "CONNECTION_CONFIG");

    /** The bounds of a server's socket; its part about connections is set by {@link #CONNECTION_CONFIG}. */
    public static final ChannelOption<EndpointConfig> ENDPOINT_CONFIG =
            valueOf(UtpChannelOption.class, "ENDPOINT_CONFIG");

    /** Send and receive buffer of the UDP socket in bytes; the kernel may grant less. 4 MiB unless set. */
    public static final ChannelOption<Integer> UDP_BUFFER_BYTES = valueOf(UtpChannelOption.class, "UDP_BUFFER_BYTES");

    /**
     * A way round for a dialled connection's datagrams: a handler that stands between its UDP socket and it, and makes of each {@code
     * DatagramPacket} what is to be sent instead, or to be taken for what came. Then datagrams are sent one by one, and those of the connection
     * should be bounded ({@link ConnectionConfig#maxDatagramBytes}) so that they fit the path with what the handler adds. Of no effect on a
     * channel that shares its socket. None unless set.
     */
    public static final ChannelOption<ChannelHandler> DATAGRAM_HANDLER =
            valueOf(UtpChannelOption.class, "DATAGRAM_HANDLER");

    @SuppressWarnings("deprecation") // the only constructor there is
    private UtpChannelOption() {
        super("");
    }
}
