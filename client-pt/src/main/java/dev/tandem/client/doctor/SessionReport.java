package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.protocol.ConnectionStats;
import io.netty.channel.epoll.EpollTcpInfo;
import java.net.InetSocketAddress;
import java.util.Locale;
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

    /** Tells it. What only data shows is told as such if there was none. */
    void tell(Consumer<Finding> findings, InetSocketAddress bridge, boolean hadData) {
        findings.accept(
                sending == null
                        ? Finding.warn("session: waits for a carrier", "It was up before.")
                        : Finding.ok("session: sends on " + (sending == CarrierKind.UTP ? "µTP" : "TLS")));
        StringJoiner trips = new StringJoiner(", ", "round trip: ", "");
        if (tls != null && tls.rttMicros() > 0) {
            trips.add(BridgeProbe.millis(tls.rttMicros() * 1_000) + " on TLS" + (proxied ? " (to the proxy)" : ""));
        }
        if (utp != null && utp.minRttMicros() > 0) {
            // The least: what was sent just now may have filled a queue.
            trips.add(BridgeProbe.millis(utp.minRttMicros() * 1_000) + " on µTP");
        }
        if (trips.length() > "round trip: ".length()) {
            findings.accept(Finding.ok(trips.toString()));
        }
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
        StringJoiner text = new StringJoiner("; ", "loss: ", "");
        if (utp != null) {
            text.add("µTP took " + utp.losses() + " of " + utp.packetsSent() + " packets for lost, and sent "
                    + utp.retransmissions() + " again");
        }
        if (tls != null) {
            text.add("TCP sent " + tls.retransmissions() + " segments again");
        }
        return Finding.note(text.length() == "loss: ".length() ? "loss: not known" : text.toString());
    }

    /** Tells what an echo gave; null if there was none. */
    static Finding rate(EchoFlow.@Nullable Result echoed) {
        if (echoed == null) {
            return Finding.note(
                    "rate and loss: not measured",
                    "That takes bytes, which the bridge hands on to tor or whatever it forwards to. Where that is an echo"
                            + " service (server-pt standalone --forward to one), --echo measures.");
        }
        if (echoed.bytes() == 0) {
            return Finding.warn(
                    "rate: not measured, nothing came back",
                    "What the bridge forwards to is no echo service, or is not up.");
        }
        String rate = String.format(
                Locale.ROOT,
                "rate: %.1f Mbit/s there and back at once (%d KiB in %.1f s), the slower direction's",
                echoed.megabitsPerSecond(),
                echoed.bytes() >> 10,
                echoed.nanos() / 1e9);
        return echoed.intact()
                ? Finding.ok(rate)
                : Finding.warn(
                        rate + "; not all came back as it was sent",
                        "What the bridge forwards to is no echo service, or could not keep up.");
    }
}
