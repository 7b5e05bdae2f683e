package dev.tandem.doctor;

import dev.tandem.utp.netty.UdpBuffers;
import dev.tandem.utp.netty.UtpTransports;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Java, the transport below µTP, and what the kernel gives a UDP socket. */
public final class RuntimeCheck {
    private static final int LEAST_JAVA = 17;
    private static final String RECEIVE = "net.core.rmem_max";
    private static final String SEND = "net.core.wmem_max";

    private RuntimeCheck() {}

    /**
     * Java's version.
     *
     * @param feature the first number of it
     */
    public static Finding java(int feature, String version) {
        return feature >= LEAST_JAVA
                ? Finding.ok("Java " + version)
                : Finding.fail(
                        "Java " + version, "Tandem needs Java 17 or later.", "apt-get install openjdk-17-jre-headless");
    }

    /** How datagrams go in and out. */
    public static Finding transport(UtpTransports.Features features) {
        if (!features.epoll()) {
            return Finding.warn(
                    "native transport: not to be had, Java's own (NIO) is used",
                    "Without it datagrams go one by one, µTP does not look for a larger MTU, and TCP has not the kernel's BBR. On"
                            + " Linux (x86_64, aarch64) the reason mostly is that Netty's library cannot be unpacked or run in"
                            + " the folder for temporary files: name another folder.",
                    "TANDEM_JAVA_OPTS=-Dio.netty.native.workdir=/var/lib/tandem");
        }
        if (features.segments() && features.coalesces()) {
            return Finding.ok("native transport: epoll, datagrams in batches both ways (GSO, GRO)");
        }
        return Finding.note(
                "native transport: epoll, " + (features.segments() ? "GSO" : "no GSO") + ", "
                        + (features.coalesces() ? "GRO" : "no GRO"),
                "Datagrams go one by one where the kernel has not GSO (Linux 4.18) and GRO (Linux 5.0): that takes more of the"
                        + " processor at high rates, and is all.");
    }

    /** The most that a UDP socket may buffer, beside what µTP asks for. */
    public static Finding udpBuffers(SystemFiles files) {
        int wanted = UdpBuffers.DEFAULT_BYTES;
        OptionalLong receive = files.number("/proc/sys/net/core/rmem_max");
        OptionalLong send = files.number("/proc/sys/net/core/wmem_max");
        if (receive.isEmpty() || send.isEmpty()) {
            return Finding.note("UDP buffers: the system does not say how large they may be");
        }
        List<String> lines = new ArrayList<>();
        if (receive.getAsLong() < wanted) {
            lines.add(RECEIVE + " = " + wanted);
        }
        if (send.getAsLong() < wanted) {
            lines.add(SEND + " = " + wanted);
        }
        String found = "UDP buffers: at most " + (receive.getAsLong() >> 10) + " KiB to receive, "
                + (send.getAsLong() >> 10) + " KiB to send";
        if (lines.isEmpty()) {
            return Finding.ok(found);
        }
        lines.add(0, "printf '" + String.join("\\n", lines) + "\\n' >/etc/sysctl.d/60-tandem-udp.conf");
        return Finding.warn(
                found,
                "µTP asks for " + (wanted >> 10)
                        + " KiB. With less, packets that have arrived are lost at high rates. As root:",
                lines.get(0),
                "sysctl -p /etc/sysctl.d/60-tandem-udp.conf");
    }
}
