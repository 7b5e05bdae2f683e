package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;

/**
 * What the clients of one run use.
 *
 * @param policy {@code auto}: TLS until µTP is paired; {@code tls}: TLS alone
 * @param congestion of µTP; TLS always has the engine's CUBIC in the place of the kernel's TCP
 */
record Transport(CarrierPolicy policy, CongestionControl congestion) {
    /** With 20 bytes of IPv4, 8 of UDP and 20 of µTP, a payload as large as TCP's with timestamps, but for four bytes. */
    private static final int TCP_DATAGRAM_BYTES = 1_472;

    static Transport utp(CongestionControl congestion) {
        return new Transport(CarrierPolicy.AUTO, congestion);
    }

    static Transport tls() {
        return new Transport(CarrierPolicy.TLS, CongestionControl.CUBIC);
    }

    /** µTP connections, as the link makes them. */
    ConnectionConfig utpConfig() {
        return ConnectionConfig.DEFAULT.withCongestionController(congestion.factory());
    }

    /** What stands for TCP under TLS: the nearest that the engine has to a loss-based TCP. */
    static ConnectionConfig tcpConfig() {
        return ConnectionConfig.DEFAULT
                .withCongestionController(CongestionControl.CUBIC.factory())
                .withMaxDatagramBytes(TCP_DATAGRAM_BYTES);
    }

    @Override
    public String toString() {
        return policy == CarrierPolicy.TLS ? "tls" : "utp-" + congestion.label();
    }
}
