package dev.tandem.utp.paired;

import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a client or a server may be told about its links. Immutable.
 *
 * @param policy which carriers may be used; a server takes the client's word
 * @param tcpConnectTimeout until TCP is connected
 * @param tlsTimeout from then until TLS is complete
 * @param helloTimeout from then until the proof is received (server) or answered (client)
 * @param pairingTimeout client with {@code carrier=utp}: until µTP is paired; server: how long a µTP connection may
 *     stay without a session
 * @param closeTimeout how long a carrier that is being closed in order may take
 * @param retainBytes most bytes kept for sending again; beyond it the session is not writable. 64 KiB or more
 * @param receiveBytes most bytes held for a paused user or out of order: the credit that the other side is given.
 *     64 KiB or more
 * @param limits server: bounds on connections and sessions
 * @param detachedTimeout how long a session waits without any carrier: the client for a way to the bridge, the server
 *     for its client
 * @param idleTimeout how long a session may go without a byte either way, and with none on its way, until this side resets it;
 *     zero: for ever
 * @param strangers server: what becomes of those who are no clients; the clock that it names serves a client too
 * @param utp what µTP connections are made with
 * @param outboundBindV4 client: local address for IPv4 bridges, not used for loopback; null for any
 * @param outboundBindV6 client: local address for IPv6 bridges, not used for loopback; null for any
 */
public record LinkConfig(
        CarrierPolicy policy,
        Duration tcpConnectTimeout,
        Duration tlsTimeout,
        Duration helloTimeout,
        Duration pairingTimeout,
        Duration closeTimeout,
        int retainBytes,
        int receiveBytes,
        ServerLimits limits,
        Duration detachedTimeout,
        Duration idleTimeout,
        StrangerConfig strangers,
        ConnectionConfig utp,
        @Nullable InetAddress outboundBindV4,
        @Nullable InetAddress outboundBindV6) {

    /** The least value of {@link #retainBytes} and {@link #receiveBytes}. */
    public static final int MIN_WINDOW = 64 * 1024;

    public static final LinkConfig DEFAULT = new LinkConfig(
            CarrierPolicy.AUTO,
            Duration.ofSeconds(20),
            Duration.ofSeconds(15),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            4 << 20,
            4 << 20,
            ServerLimits.DEFAULT,
            Duration.ofSeconds(60),
            Duration.ZERO,
            StrangerConfig.DEFAULT,
            ConnectionConfig.DEFAULT.withCongestionController(CongestionControl.BBR.factory()),
            null,
            null);

    public LinkConfig {
        if (retainBytes < MIN_WINDOW || receiveBytes < MIN_WINDOW) {
            throw new IllegalArgumentException("retainBytes and receiveBytes must be 65536 or more");
        }
    }

    public LinkConfig withPolicy(CarrierPolicy value) {
        return with(draft -> draft.policy = value);
    }

    /** Sets the deadlines of the four steps of the set-up. */
    public LinkConfig withTimeouts(Duration tcpConnect, Duration tls, Duration hello, Duration pairing) {
        return with(draft -> {
            draft.tcpConnectTimeout = tcpConnect;
            draft.tlsTimeout = tls;
            draft.helloTimeout = hello;
            draft.pairingTimeout = pairing;
        });
    }

    /** Sets the bounds on what one session holds. */
    public LinkConfig withBuffers(int retain, int receive) {
        return with(draft -> {
            draft.retainBytes = retain;
            draft.receiveBytes = receive;
        });
    }

    /** Sets a server's bounds. */
    public LinkConfig withLimits(ServerLimits value) {
        return with(draft -> draft.limits = value);
    }

    /** Sets how long sessions wait without a carrier. */
    public LinkConfig withDetachedTimeout(Duration value) {
        return with(draft -> draft.detachedTimeout = value);
    }

    /** Sets how long sessions may be idle; zero: for ever. */
    public LinkConfig withIdleTimeout(Duration value) {
        return with(draft -> draft.idleTimeout = value);
    }

    /** Sets what a server does with those who are no clients. */
    public LinkConfig withStrangers(StrangerConfig value) {
        return with(draft -> draft.strangers = value);
    }

    /** The same with another congestion control of µTP. */
    public LinkConfig withCongestionControl(CongestionControl control) {
        return withUtp(utp.withCongestionController(control.factory()));
    }

    /** The same with µTP datagrams of so many bytes, as {@link ConnectionConfig#maxDatagramBytes}. */
    public LinkConfig withMaxDatagramBytes(int bytes) {
        return withUtp(utp.withMaxDatagramBytes(bytes));
    }

    /** Sets what µTP connections are made with. */
    public LinkConfig withUtp(ConnectionConfig value) {
        return with(draft -> draft.utp = value);
    }

    /** Sets the local addresses to dial from, for TCP and UDP; null for any. */
    public LinkConfig withOutboundBind(@Nullable InetAddress v4, @Nullable InetAddress v6) {
        return with(draft -> {
            draft.outboundBindV4 = v4;
            draft.outboundBindV6 = v6;
        });
    }

    /** The same values, open to a change. */
    private static final class Draft {
        private CarrierPolicy policy;
        private Duration tcpConnectTimeout;
        private Duration tlsTimeout;
        private Duration helloTimeout;
        private Duration pairingTimeout;
        private Duration closeTimeout;
        private int retainBytes;
        private int receiveBytes;
        private ServerLimits limits;
        private Duration detachedTimeout;
        private Duration idleTimeout;
        private StrangerConfig strangers;
        private ConnectionConfig utp;
        private @Nullable InetAddress outboundBindV4;
        private @Nullable InetAddress outboundBindV6;

        Draft(LinkConfig from) {
            policy = from.policy;
            tcpConnectTimeout = from.tcpConnectTimeout;
            tlsTimeout = from.tlsTimeout;
            helloTimeout = from.helloTimeout;
            pairingTimeout = from.pairingTimeout;
            closeTimeout = from.closeTimeout;
            retainBytes = from.retainBytes;
            receiveBytes = from.receiveBytes;
            limits = from.limits;
            detachedTimeout = from.detachedTimeout;
            idleTimeout = from.idleTimeout;
            strangers = from.strangers;
            utp = from.utp;
            outboundBindV4 = from.outboundBindV4;
            outboundBindV6 = from.outboundBindV6;
        }
    }

    private LinkConfig with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new LinkConfig(
                draft.policy,
                draft.tcpConnectTimeout,
                draft.tlsTimeout,
                draft.helloTimeout,
                draft.pairingTimeout,
                draft.closeTimeout,
                draft.retainBytes,
                draft.receiveBytes,
                draft.limits,
                draft.detachedTimeout,
                draft.idleTimeout,
                draft.strangers,
                draft.utp,
                draft.outboundBindV4,
                draft.outboundBindV6);
    }
}
