package dev.tandem.server;

import dev.tandem.ptspec.PtParseException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * A TCP service that the operator names: an address or a host's name, and a port.
 *
 * @param option what it was given with, for messages
 * @param host an address (IPv6 in brackets) or a name
 * @param port 1 to 65,535
 */
record HostPort(String option, String host, int port) {
    /**
     * Reads {@code HOST:PORT}.
     *
     * @throws PtParseException with one line that names the option
     */
    static HostPort parse(String option, String value) throws PtParseException {
        int colon = value.lastIndexOf(':');
        String host = value.substring(0, Math.max(0, colon));
        int port;
        try {
            port = Integer.parseInt(value.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new PtParseException(option + " takes HOST:PORT");
        }
        if (host.isEmpty() || port < 1 || port > 65_535) {
            throw new PtParseException(option + " takes HOST:PORT, with a port of 1 to 65535");
        }
        return new HostPort(option, host, port);
    }

    /**
     * Once, at the start: a name that does not resolve is told at once, and no event loop waits for DNS.
     *
     * @throws IOException with one line that names the option
     */
    InetSocketAddress resolve() throws IOException {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new IOException(option + ": the host's name does not resolve", e);
        }
    }
}
