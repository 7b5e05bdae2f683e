package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.utp.paired.LinkException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** What it means that a bridge could not be dialled. */
final class DialFailure {
    /** A marker is good in its hour, the one before and the one after ({@code LINK.md}, section 12). */
    private static final Duration SKEW_BORNE = Duration.ofHours(1);

    private DialFailure() {}

    /** Whether more can be said when it is known what the bridge shows to a stranger. */
    static boolean wantsLook(LinkException failure) {
        return failure.reason() == LinkException.Reason.WRONG_PIN
                || failure.reason() == LinkException.Reason.NOT_OUR_SERVER;
    }

    /**
     * Explains it.
     *
     * @param tcpConnected whether it failed behind TCP
     * @param seen what a stranger meets there; null if nobody has looked
     * @param now the time here
     */
    static Finding explain(
            LinkException failure,
            InetSocketAddress bridge,
            boolean tcpConnected,
            StrangerLook.@Nullable Seen seen,
            Instant now) {
        String port = "port " + bridge.getPort();
        return switch (failure.reason()) {
            case REFUSED ->
                Finding.fail(
                        "TCP: refused",
                        "The machine is there, and nobody listens on " + port
                                + ": the bridge does not run, its port is not forwarded,"
                                + " or the line names another port. On the bridge:",
                        "ss -lnt 'sport = :" + bridge.getPort() + "'");
            case TIMEOUT ->
                tcpConnected
                        ? Finding.fail(
                                "TLS: silence behind TCP",
                                "TCP connects, and nothing comes back of TLS. Something on the way swallows it, what listens there is no"
                                        + " TLS server, or the bridge is overloaded.")
                        : Finding.fail(
                                "TCP: no answer",
                                "Nothing came back from " + IpAddresses.format(bridge)
                                        + ": the machine is down, its address another"
                                        + " one, or a firewall there, here or on the way drops TCP to " + port + ".");
            case RESET ->
                Finding.fail(
                        "TLS: the connection was broken during the handshake",
                        "TCP connects, and is then reset or closed: by something on the way that does not like the handshake, or by"
                                + " a server that is no bridge. Through another network it may work: then it is the way.");
            case NETWORK_UNREACHABLE ->
                Finding.fail(
                        "TCP: the network cannot be reached",
                        "This machine has no route to such an address: is it online, and has it "
                                + (bridge.getAddress().getAddress().length == 4 ? "IPv4" : "IPv6") + "?",
                        "ip route get " + IpAddresses.format(bridge.getAddress()));
            case HOST_UNREACHABLE ->
                Finding.fail(
                        "TCP: the machine cannot be reached",
                        "A router or a firewall says so. Is the address right, and the machine up?");
            case BIND_FAILED ->
                Finding.fail(
                        "TCP: the local address cannot be used",
                        "What --bind-v4, --bind-v6 or OutboundBindAddressPT names must be an address of this machine.",
                        "ip -brief address");
            case PROXY ->
                Finding.fail(
                        "proxy: " + failure.getMessage(),
                        "The connection is made through the upstream proxy or not at all. Its address, kind, user and password are"
                                + " those of --proxy (torrc: Socks5Proxy, Socks4Proxy, HTTPSProxy).");
            case NOT_OUR_SERVER ->
                Finding.fail(
                        "TLS: another server answers (" + failure.getMessage() + ")",
                        "What is at " + port
                                + " does not speak TLS 1.3 as a bridge does. The bridge does not run, or another program"
                                + " has its port." + clock(seen, now));
            case WRONG_PIN -> wrongPin(failure, seen, now);
            case CANCELLED, FAILED -> Finding.fail("connection: " + failure.getMessage(), "");
        };
    }

    private static Finding wrongPin(LinkException failure, StrangerLook.@Nullable Seen seen, Instant now) {
        String mine = failure.otherPin();
        String strangers = seen == null ? null : seen.pin();
        if (mine == null || strangers == null) {
            return Finding.fail(
                    "TLS: another key answers than the one that cert= pins",
                    "The line is of another bridge or an old one, the clock is off by more than an hour, or another server is there. To"
                            + " tell these apart a second connection was tried, which did not come up."
                            + clock(seen, now));
        }
        if (!mine.equals(strangers)) {
            return Finding.fail(
                    "TLS: the bridge takes us for its client, but its key is not the one that cert= pins",
                    "The secret in cert= is the bridge's, the pin is not: cert= was changed in copying, the bridge has got a new key,"
                            + " or somebody on the way poses as the bridge. Ask its operator for the line in"
                            + " pt_state/utp_bridgeline.txt; if it is the same as yours, do not use this network.");
        }
        Instant date = seen == null ? null : seen.date();
        if (date != null && Duration.between(date, now).abs().compareTo(SKEW_BORNE) > 0) {
            return Finding.fail(
                    "TLS: the server there does not take us for a client: the clocks differ by "
                            + inWords(Duration.between(date, now).abs()),
                    "It says that it is " + date + ", and here it is " + now.truncatedTo(ChronoUnit.SECONDS)
                            + ". More than an hour is too much. Set the clock that is wrong, and have it kept:",
                    "timedatectl set-ntp true");
        }
        return Finding.fail(
                "TLS: the server there does not take us for a client: it shows us what it shows to everybody",
                "The secret in cert= is not that bridge's (an old line, or another bridge's), or the server is no bridge at all."
                        + clock(seen, now) + " Ask the operator for the line in pt_state/utp_bridgeline.txt.");
    }

    private static String clock(StrangerLook.@Nullable Seen seen, Instant now) {
        Instant date = seen == null ? null : seen.date();
        return date == null
                ? " It does not say what time it has: look at the clock, too."
                : " Its clock and ours differ by "
                        + inWords(Duration.between(date, now).abs()) + ".";
    }

    private static String inWords(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
    }
}
