package dev.tandem.metrics;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where metrics are shown: a loopback address with its port, or a Unix socket. Nobody on the network can reach either. */
public sealed interface MetricsAddress {
    /** What is taken, for messages; without an example, which a log would scrub. */
    String TAKES = " takes ADDRESS:PORT of the loopback interface, or unix:/PATH";

    /**
     * Reads {@code 127.0.0.1:PORT}, {@code [::1]:PORT}, any other loopback address with a port of 1 to 65535, or
     * {@code unix:/PATH}.
     *
     * @param option what it was given with, for errors
     * @throws IllegalArgumentException with a single line that names the option and says what it takes
     */
    static MetricsAddress parse(String option, String value) {
        if (value.startsWith("unix:")) {
            String path = value.substring("unix:".length());
            if (!path.startsWith("/") || path.endsWith("/") || path.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(option + TAKES);
            }
            if (path.getBytes(StandardCharsets.UTF_8).length > UnixSocket.MAX_PATH_BYTES) {
                throw new IllegalArgumentException(option + ": the path of a Unix socket has at most "
                        + UnixSocket.MAX_PATH_BYTES + " bytes here");
            }
            return new UnixSocket(Path.of(path));
        }
        int colon = value.lastIndexOf(':');
        String host = value.substring(0, Math.max(0, colon));
        String port = value.substring(colon + 1);
        byte @Nullable [] bytes = address(host);
        int number = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
        if (bytes == null || number < 1 || number > 65_535) {
            throw new IllegalArgumentException(option + TAKES);
        }
        InetAddress address = resolved(bytes);
        if (!address.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    option + TAKES + "; that address is not one that only this machine reaches");
        }
        return new Loopback(new InetSocketAddress(address, number));
    }

    private static byte @Nullable [] address(String host) {
        if (host.startsWith("[") && host.endsWith("]")) {
            String literal = host.substring(1, host.length() - 1);
            return NetUtil.isValidIpV6Address(literal) && literal.indexOf('%') < 0
                    ? NetUtil.createByteArrayFromIpAddressString(literal)
                    : null;
        }
        return NetUtil.isValidIpV4Address(host) ? NetUtil.createByteArrayFromIpAddressString(host) : null;
    }

    private static InetAddress resolved(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes are an address", e);
        }
    }

    /** A TCP port that only this machine reaches. */
    record Loopback(InetSocketAddress address) implements MetricsAddress {
        public Loopback {
            if (!address.getAddress().isLoopbackAddress()) {
                throw new IllegalArgumentException("not a loopback address");
            }
        }
    }

    /**
     * A socket in the file system, open to this process's user and group.
     *
     * @param path of at most {@link #MAX_PATH_BYTES}
     */
    record UnixSocket(Path path) implements MetricsAddress {
        /** Of the system's 107, the rest is for a folder beside it in which it is made. */
        static final int MAX_PATH_BYTES = 80;
    }
}
