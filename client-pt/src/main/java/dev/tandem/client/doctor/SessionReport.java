package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.protocol.ConnectionStats;
import io.netty.channel.epoll.EpollTcpInfo;
import java.net.InetSocketAddress;
import java.util.StringJoiner;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How the carriers of a session fare.
 *
 * @param sending the carrier that this side sends on; null for none
 * @param tls what the kernel knows of TLS; null where it does not say
 * @param utp the figures of µTP; null if it is not there
 * @param proxied whether TLS's figures are of the way to the proxy only
 */
record SessionReport(
        @Nullable CarrierKind sending,
        @Nullable Tls tls,
        @Nullable ConnectionStats utp,
        boolean proxied) {
    private static final int UDP_HEADER = 8;

    /**
     * Of the TCP connection.
     *
     * @param rttMicros smoothed round-trip time in µs
     * @param retransmissions segments sent again
     */
    record Tls(long rttMicros, long retransmissions) {}

    /** As of now; on the event loop. */
    static SessionReport of(Session session, ProbeNetwork network, boolean proxied) {
        EpollTcpInfo info = network.tcpInfo();
        ConnectionStats stats = network.isUtpConnected() ? network.utpStats() : null;
        return new SessionReport(
                session.sendingCarrier(),
                info == null ? null : new Tls(info.rtt(), info.totalRetrans()),
                stats,
                proxied);
    }

    /** Tells what shows without data. */
    void tell(Consumer<Finding> findings) {
        findings.accept(
                sending == null
                        ? Finding.warn("session: waits for a carrier", "It was up before.")
                        : Finding.ok("session: sends on " + (sending == CarrierKind.UTP ? "µTP" : "TLS")));
        StringJoiner trips = new StringJoiner(", ", "round trip: ", "");
        if (tls != null && tls.rttMicros() > 0) {
            trips.add(BridgeProbe.millis(tls.rttMicros() * 1_000) + " on TLS" + (proxied ? " (to the proxy)" : ""));
        }
        if (utp != null && utp.minRttMicros() > 0) {
            trips.add(BridgeProbe.millis(utp.minRttMicros() * 1_000) + " on µTP");
        }
        if (trips.length() > "round trip: ".length()) {
            findings.accept(Finding.ok(trips.toString()));
        }
    }

    /** Tells what only data shows, or that there was none. */
    void tellLoad(Consumer<Finding> findings, InetSocketAddress bridge, boolean hadData) {
        if (utp != null) {
            findings.accept(mtu(utp, bridge, hadData));
        }
        if (hadData) {
            findings.accept(losses());
        }
    }

    private static Finding mtu(ConnectionStats utp, InetSocketAddress bridge, boolean hadData) {
        int ip = bridge.getAddress().getAddress().length == 4 ? 20 : 40;
        String bytes =
                utp.datagramBytes() + " bytes of µTP, " + (utp.datagramBytes() + UDP_HEADER + ip) + " with UDP and IP";
        return hadData
                ? Finding.ok("path MTU: datagrams of " + bytes)
                : Finding.note("path MTU: not measured, µTP looks for it on data only; it begins with " + bytes);
    }

    private Finding losses() {
        StringJoiner text = new StringJoiner("; ", "loss: of what was sent up, ", "");
        text.setEmptyValue("loss: not known");
        if (utp != null) {
            text.add("µTP took " + utp.losses() + " of " + utp.packetsSent() + " packets for lost, and sent "
                    + utp.retransmissions() + " again");
        }
        if (tls != null) {
            text.add("TCP sent " + tls.retransmissions() + " segments again");
        }
        return Finding.note(text.toString());
    }
}
