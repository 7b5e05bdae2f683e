package dev.tandem.doctor;

import dev.tandem.ptspec.IpAddresses;
import java.io.IOException;
import java.math.BigInteger;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whether a proxy can listen where it is to, by TCP and by UDP. It listens there for a moment to find out. */
public final class PortCheck {
    private static final int FIRST_UNPRIVILEGED = 1_024;
    private static final int CAP_NET_BIND_SERVICE = 10;
    private static final Pattern EFFECTIVE = Pattern.compile("(?m)^CapEff:\\s*([0-9a-fA-F]+)");

    private final SystemFiles files;
    private final String program;

    /** @param program whose it is; if it has the port already, it runs */
    public PortCheck(SystemFiles files, String program) {
        this.files = files;
        this.program = program;
    }

    /**
     * For a program that is started by hand.
     *
     * @param udp whether it listens on UDP of the same port, too
     */
    public Finding check(InetSocketAddress address, boolean udp) {
        if (isPrivileged(address.getPort()) && !hasCapability()) {
            return Finding.fail(
                    where(address, udp) + ": this user may not listen below " + firstUnprivileged(),
                    "It takes the capability CAP_NET_BIND_SERVICE. A systemd unit gives it by"
                            + " AmbientCapabilities=CAP_NET_BIND_SERVICE. setcap on Java gives it to all Java programs, and Java may"
                            + " not find its libraries then. Or let all users have ports from there on, as root:",
                    lower(address.getPort()));
        }
        return bind(address, udp);
    }

    /**
     * For a program that tor starts.
     *
     * @param user whom tor runs as; null if that is not known
     * @param unit the service that starts tor; null if that is not known
     */
    public Finding checkForTor(
            InetSocketAddress address, boolean udp, @Nullable FileAccess user, @Nullable ServiceUnit unit) {
        if (isPrivileged(address.getPort()) && (user == null || user.uid() != 0)) {
            String stuck = unit != null && unit.isOn("NoNewPrivileges") ? unit.name() : null;
            return Finding.fail(
                    where(address, udp) + ": below " + firstUnprivileged() + ", where "
                            + (user == null ? "tor's user" : user.name()) + " may not listen",
                    "tor starts the proxy as its own user, and passes no capability on. setcap cap_net_bind_service on Java "
                            + (stuck != null
                                    ? "has no effect: NoNewPrivileges=yes of " + stuck + ". "
                                    : "gives it to all Java programs. ")
                            + "Let all users have ports from there on, as root, or forward the port by the firewall to a higher one:",
                    lower(address.getPort()));
        }
        return bind(address, udp);
    }

    private static String[] lower(int port) {
        String file = "/etc/sysctl.d/60-tandem-port.conf";
        return new String[] {"echo 'net.ipv4.ip_unprivileged_port_start = " + port + "' >" + file, "sysctl -p " + file};
    }

    private boolean isPrivileged(int port) {
        return port != 0 && port < firstUnprivileged();
    }

    private long firstUnprivileged() {
        return files.number("/proc/sys/net/ipv4/ip_unprivileged_port_start").orElse(FIRST_UNPRIVILEGED);
    }

    private boolean hasCapability() {
        Matcher line = EFFECTIVE.matcher(files.text("/proc/self/status").orElse(""));
        return line.find() && new BigInteger(line.group(1), 16).testBit(CAP_NET_BIND_SERVICE);
    }

    private static String where(InetSocketAddress address, boolean udp) {
        return "port " + IpAddresses.format(address) + (udp ? ", TCP and UDP" : ", TCP");
    }

    private Finding bind(InetSocketAddress address, boolean udp) {
        if (address.getPort() == 0) {
            return Finding.note("port: any that is free, another one after each start; clients need one that stays");
        }
        String where = where(address, udp);
        try (ServerSocket socket = new ServerSocket()) {
            // As the proxy does: connections of an earlier run may linger.
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (IOException e) {
            return refused(where, false, address, e);
        }
        if (udp) {
            try (DatagramSocket socket = new DatagramSocket(null)) {
                socket.bind(address);
            } catch (IOException e) {
                return refused(where, true, address, e);
            }
        }
        return Finding.ok(where + ": free");
    }

    private Finding refused(String where, boolean udp, InetSocketAddress address, IOException cause) {
        String protocol = udp ? "UDP" : "TCP";
        String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        if (text.contains("in use")) {
            Optional<SocketHolder.Holder> holder = new SocketHolder(files).find(udp, address.getPort());
            if (holder.isPresent() && holder.get().program().equals(program)) {
                return Finding.ok(where + ": held by " + program + ", which runs (process "
                        + holder.get().pid() + ")");
            }
            String by = holder.map(found -> "by " + found.program() + ", process " + found.pid())
                    .orElse("by a program that only root may see");
            return Finding.fail(
                    where + ": " + protocol + " is taken " + by,
                    "Two programs cannot listen there: end the other one, or choose another port. If it is this proxy itself, all"
                            + " is well.",
                    "ss -lnp " + (udp ? "-u" : "-t") + " 'sport = :" + address.getPort() + "'");
        }
        if (text.contains("assign")) {
            return Finding.fail(
                    where + ": not an address of this machine",
                    "Behind a router's NAT or a cloud's, it is that of the router: listen on the machine's own, or on 0.0.0.0.",
                    "ip -brief address");
        }
        return Finding.fail(where + ": " + protocol + " cannot be listened on", text.replaceFirst(" \\(.*", "") + ".");
    }
}
