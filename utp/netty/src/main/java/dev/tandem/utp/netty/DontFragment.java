package dev.tandem.utp.netty;

import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;

/**
 * Whether a socket's datagrams may be fragmented, by us or on their way, in IPv4 (the DF bit) and in IPv6 (where only we
 * could do it). Linux and epoll only: elsewhere it stays as the system has it. See ip(7) and ipv6(7).
 */
final class DontFragment {
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;

    private static final ChannelOption<Integer> IP_MTU_DISCOVER =
            new IntegerUnixChannelOption("IP_MTU_DISCOVER", IPPROTO_IP, 10);
    private static final ChannelOption<Integer> IPV6_MTU_DISCOVER =
            new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", IPPROTO_IPV6, 23);
    private static final ChannelOption<Integer> IPV6_MTU = new IntegerUnixChannelOption("IPV6_MTU", IPPROTO_IPV6, 24);

    /** IP_PMTUDISC_PROBE: sets DF, and believes no ICMP message about the path, which anyone can forge. */
    private static final int PROBE = 3;

    /** IP_PMTUDISC_DONT. */
    private static final int MAY_FRAGMENT = 0;

    /** What every IPv6 path takes; a router that cannot take more may not fragment, so we do. */
    private static final int MIN_IPV6_MTU = 1_280;

    private static final int NO_MTU = 0;

    private final DatagramChannel channel;
    private boolean value;

    DontFragment(DatagramChannel channel) {
        this.channel = channel;
    }

    /** Whether datagrams that are sent now may not be fragmented. */
    boolean isSet() {
        return value;
    }

    /** Sets it for the datagrams that are sent from now on; false if that is not possible here. */
    boolean set(boolean wanted) {
        if (!(channel instanceof EpollDatagramChannel)) {
            return false;
        }
        try {
            channel.config().setOption(IP_MTU_DISCOVER, wanted ? PROBE : MAY_FRAGMENT);
        } catch (ChannelException e) {
            return false;
        }
        value = wanted;
        try {
            channel.config().setOption(IPV6_MTU_DISCOVER, wanted ? PROBE : MAY_FRAGMENT);
            channel.config().setOption(IPV6_MTU, wanted ? NO_MTU : MIN_IPV6_MTU);
        } catch (ChannelException e) {
            // A socket for IPv4 alone.
        }
        return true;
    }
}
