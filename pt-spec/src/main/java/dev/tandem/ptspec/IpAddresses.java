package dev.tandem.ptspec;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Literal IP addresses as tor writes and reads them: {@code 192.0.2.1:443} and {@code [2001:db8::1]:443}.
 *
 * <p>Never resolves a name: pt-spec 3.2.3 wants addresses, and a look-up would leak to DNS. IPv6 zones are refused when parsing and
 * left out when formatting, because tor refuses them.
 */
public final class IpAddresses {
    private static final Pattern ADDRESS_PORT = Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([0-9.]+)):([0-9]{1,5})");
    private static final int IPV6_GROUPS = 8;

    private IpAddresses() {}

    /**
     * Parses {@code ip:port}, an IPv6 address in brackets.
     *
     * @throws PtParseException if it is not a literal address with a port from 0 to 65535
     */
    public static InetSocketAddress parseAddressPort(String text) throws PtParseException {
        Matcher matcher = ADDRESS_PORT.matcher(text);
        if (!matcher.matches()) {
            throw new PtParseException("not IP:PORT");
        }
        int port = Integer.parseInt(matcher.group(3));
        if (port > 65535) {
            throw new PtParseException("port above 65535");
        }
        String ipv6 = matcher.group(1);
        return new InetSocketAddress(ipv6 != null ? parseIpv6(ipv6) : parseIpv4(matcher.group(2)), port);
    }

    /**
     * Parses a literal IPv4 address, four decimal numbers.
     *
     * @throws PtParseException if it is anything else
     */
    public static InetAddress parseIpv4(String text) throws PtParseException {
        byte[] address = new byte[4];
        writeIpv4(text, address, 0);
        return byAddress(address);
    }

    /**
     * Parses a literal IPv6 address without brackets and without a zone (RFC 4291 2.2). One that maps IPv4 comes back as that IPv4 address.
     *
     * @throws PtParseException if it is anything else
     */
    public static InetAddress parseIpv6(String text) throws PtParseException {
        int gap = text.indexOf("::");
        if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
            throw new PtParseException("more than one :: in an IPv6 address");
        }
        byte[] head = groups(gap < 0 ? text : text.substring(0, gap), gap < 0);
        byte[] tail = gap < 0 ? new byte[0] : groups(text.substring(gap + 2), true);
        int length = head.length + tail.length;
        if (gap < 0 ? length != 2 * IPV6_GROUPS : length > 2 * (IPV6_GROUPS - 1)) {
            throw new PtParseException("wrong number of groups in an IPv6 address");
        }
        byte[] address = Arrays.copyOf(head, 2 * IPV6_GROUPS);
        System.arraycopy(tail, 0, address, address.length - tail.length, tail.length);
        return byAddress(address);
    }

    /** {@code 192.0.2.1:443} or {@code [2001:db8::1]:443}: no slash, host name or zone. */
    public static String format(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException("unresolved address");
        }
        String host = format(ip);
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /** The address alone, IPv6 compressed as RFC 5952 asks and without brackets. */
    public static String format(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return (bytes[0] & 0xff) + "." + (bytes[1] & 0xff) + "." + (bytes[2] & 0xff) + "." + (bytes[3] & 0xff);
        }
        int[] groups = new int[IPV6_GROUPS];
        for (int i = 0; i < IPV6_GROUPS; i++) {
            groups[i] = ((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff);
        }
        int gapStart = -1;
        int gapLength = 1; // a single zero group is written out (RFC 5952 4.2.2)
        for (int i = 0; i < IPV6_GROUPS; i++) {
            int end = i;
            while (end < IPV6_GROUPS && groups[end] == 0) {
                end++;
            }
            if (end - i > gapLength) {
                gapStart = i;
                gapLength = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < IPV6_GROUPS; ) {
            if (i == gapStart) {
                text.append("::");
                i += gapLength;
                continue;
            }
            if (text.length() > 0 && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i++]));
        }
        return text.toString();
    }

    /** The bytes of colon-separated groups; the last may be dotted IPv4 if {@code mayEndInIpv4}. */
    private static byte[] groups(String text, boolean mayEndInIpv4) throws PtParseException {
        if (text.isEmpty()) {
            return new byte[0];
        }
        byte[] bytes = new byte[2 * IPV6_GROUPS + 4];
        int length = 0;
        int start = 0;
        while (start <= text.length()) {
            int colon = text.indexOf(':', start);
            String group = text.substring(start, colon < 0 ? text.length() : colon);
            if (length >= 2 * IPV6_GROUPS) {
                throw new PtParseException("wrong number of groups in an IPv6 address");
            }
            if (colon < 0 && mayEndInIpv4 && group.indexOf('.') >= 0) {
                writeIpv4(group, bytes, length);
                length += 4;
            } else {
                int value = hexGroup(group);
                bytes[length++] = (byte) (value >> 8);
                bytes[length++] = (byte) value;
            }
            if (colon < 0) {
                break;
            }
            start = colon + 1;
        }
        return Arrays.copyOf(bytes, length);
    }

    private static int hexGroup(String group) throws PtParseException {
        if (group.isEmpty() || group.length() > 4) {
            throw new PtParseException("malformed IPv6 address");
        }
        int value = 0;
        for (int i = 0; i < group.length(); i++) {
            char c = group.charAt(i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                throw new PtParseException("malformed IPv6 address");
            }
            value = (value << 4) | digit;
        }
        return value;
    }

    private static void writeIpv4(String text, byte[] into, int offset) throws PtParseException {
        int at = 0;
        for (int i = 0; i < 4; i++) {
            int end = i == 3 ? text.length() : text.indexOf('.', at);
            // A leading zero reads as octal elsewhere: tor refuses it too.
            if (end <= at || end - at > 3 || (end - at > 1 && text.charAt(at) == '0')) {
                throw new PtParseException("malformed IPv4 address");
            }
            int value = 0;
            for (; at < end; at++) {
                char c = text.charAt(at);
                if (c < '0' || c > '9') {
                    throw new PtParseException("malformed IPv4 address");
                }
                value = value * 10 + (c - '0');
            }
            if (value > 255) {
                throw new PtParseException("malformed IPv4 address");
            }
            into[offset + i] = (byte) value;
            at++;
        }
    }

    private static InetAddress byAddress(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }
}
