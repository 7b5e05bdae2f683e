package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.utp.netty.UtpException;
import dev.tandem.utp.protocol.CloseReason;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What keeps µTP from being paired while TLS works. */
final class UtpSilence {
    private static final String ONLY_TLS = " Sessions work over TLS alone, without what µTP brings.";

    private UtpSilence() {}

    /**
     * Explains it.
     *
     * @param connected whether µTP was connected, but not paired
     * @param failure of the dial; null if it was not over, or there was none
     * @param answer to another question; null if none was asked
     * @param waited how long µTP had
     */
    static Finding explain(
            InetSocketAddress bridge,
            boolean proxied,
            boolean connected,
            @Nullable Throwable failure,
            UdpQuestion.@Nullable Answer answer,
            Duration waited) {
        String port = "UDP port " + bridge.getPort();
        String firewall = "ss -lnu 'sport = :" + bridge.getPort() + "'";
        if (proxied) {
            return Finding.warn(
                    "µTP: not through this proxy",
                    "Of proxies, only SOCKS5 ones that take UDP ASSOCIATE pass µTP on, and the bridge answers a relay only that has the"
                            + " proxy's own address." + ONLY_TLS);
        }
        if (answer == UdpQuestion.Answer.REFUSED) {
            return Finding.warn(
                    "µTP: UDP is refused (ICMP)",
                    "Somebody says that " + port
                            + " is not to be had: the bridge runs with carrier=tls, the port is forwarded for TCP"
                            + " alone, or a firewall rejects UDP." + ONLY_TLS + " On the bridge:",
                    firewall);
        }
        if (answer == UdpQuestion.Answer.NOT_SENT) {
            return Finding.warn(
                    "µTP: UDP cannot be sent from here", "A firewall of this machine does not let it out." + ONLY_TLS);
        }
        if (failure instanceof UtpException utp && utp.reason() == CloseReason.REFUSED) {
            return Finding.warn(
                    "µTP: refused by a RESET",
                    "Another µTP program has " + port + ", or somebody on the way ends µTP connections." + ONLY_TLS);
        }
        if (connected) {
            return Finding.warn(
                    "µTP: connected, but not paired",
                    "The bridge's end was connected and its records did not come, or did not open: UDP is let through in part, or"
                            + " changed on the way." + ONLY_TLS);
        }
        if (answer == UdpQuestion.Answer.ANSWERED) {
            return Finding.warn(
                    "µTP: answered, but not connected in " + waited.toSeconds() + " s",
                    "UDP comes through with so much delay or loss that µTP did not connect, or another program answers there."
                            + ONLY_TLS);
        }
        return Finding.warn(
                "µTP: nothing came back by UDP in " + waited.toSeconds() + " s",
                "A firewall drops UDP, here, on the way or at the bridge; or " + port
                        + " is forwarded for TCP alone; or your UDP leaves"
                        + " with another address than your TCP (the bridge's udp-source=any allows that); or the bridge listens on a"
                        + " wildcard and answers from another of its addresses." + ONLY_TLS
                        + " On the bridge, while you try:",
                "tcpdump -ni any udp port " + bridge.getPort());
    }
}
