package dev.tandem.ptspec;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringTokenizer;
import java.util.regex.Pattern;

/**
 * How a client reaches a bridge through a transport: {@code Bridge utp 192.0.2.1:443 FINGERPRINT k=v k=v}, as in torrc (tor(1),
 * {@code Bridge}). Arguments are not escaped there, so they hold no spaces.
 *
 * @param transport the transport's name
 * @param address a literal address with a port from 1 to 65535
 * @param fingerprint the bridge's identity, 40 upper-case hexadecimal digits
 * @param args the transport's arguments, in order
 */
public record BridgeLine(
        String transport, InetSocketAddress address, Optional<String> fingerprint, TransportArgs args) {
    private static final Pattern FINGERPRINT = Pattern.compile("\\$?([0-9A-Fa-f]{40})");

    /** Checks that the parts can be written as a line. */
    public BridgeLine {
        TransportNames.requireValid(transport);
        if (address.getAddress() == null || address.getPort() == 0) {
            throw new IllegalArgumentException("a bridge needs a literal address and a port");
        }
        fingerprint.ifPresent(digits -> {
            if (!digits.matches("[0-9A-F]{40}")) {
                throw new IllegalArgumentException("a fingerprint has 40 upper-case hexadecimal digits");
            }
        });
        for (TransportArgs.Arg arg : args.entries()) {
            if (arg.key().indexOf('=') >= 0
                    || !TransportArgs.isPrintableWithoutSpace(arg.key())
                    || !TransportArgs.isPrintableWithoutSpace(arg.value())) {
                throw new IllegalArgumentException("an argument of a bridge line is printable ASCII without spaces");
            }
        }
    }

    /**
     * Parses a bridge line; the word {@code Bridge} in front is optional, and so is {@code $} before the fingerprint.
     *
     * @throws PtParseException if it is malformed; the message names the part
     */
    public static BridgeLine parse(String line) throws PtParseException {
        String stripped = line.strip();
        if (!stripped.chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 0x7f))) {
            throw new PtParseException("bridge line: more than one line, or characters other than printable ASCII");
        }
        StringTokenizer words = new StringTokenizer(stripped);
        String transport = next(words, "the transport's name");
        if (transport.equalsIgnoreCase("Bridge")) {
            transport = next(words, "the transport's name");
        }
        if (!TransportNames.isValid(transport)) {
            throw new PtParseException("bridge line: " + quote(transport) + " is not a transport's name");
        }
        InetSocketAddress address = parseAddress(next(words, "the bridge's ADDRESS:PORT"));
        Optional<String> fingerprint = Optional.empty();
        List<TransportArgs.Arg> args = new ArrayList<>();
        for (boolean first = true; words.hasMoreTokens(); first = false) {
            String word = words.nextToken();
            int equals = word.indexOf('=');
            if (equals > 0) {
                args.add(new TransportArgs.Arg(word.substring(0, equals), word.substring(equals + 1)));
            } else if (first && equals < 0) {
                fingerprint = Optional.of(parseFingerprint(word));
            } else {
                // Not quoted: it may well be the half of a secret behind a stray space.
                throw new PtParseException("bridge line: argument " + (args.size() + 1) + " is not KEY=VALUE");
            }
        }
        return new BridgeLine(transport, address, fingerprint, TransportArgs.of(args));
    }

    /** The whole line, ready for torrc, with {@code Bridge} in front. It holds the arguments' values, which may be secret. */
    public String format() {
        StringBuilder line =
                new StringBuilder("Bridge ").append(transport).append(' ').append(IpAddresses.format(address));
        fingerprint.ifPresent(digits -> line.append(' ').append(digits));
        args.entries()
                .forEach(arg -> line.append(' ').append(arg.key()).append('=').append(arg.value()));
        return line.toString();
    }

    /** Without address and values. */
    @Override
    public String toString() {
        return "BridgeLine[" + transport + ", " + args + "]";
    }

    private static InetSocketAddress parseAddress(String text) throws PtParseException {
        try {
            InetSocketAddress address = IpAddresses.parseAddressPort(text);
            if (address.getPort() == 0) {
                throw new PtParseException("port 0");
            }
            return address;
        } catch (PtParseException e) {
            throw new PtParseException("bridge line: address " + quote(text) + ": " + e.getMessage());
        }
    }

    /** Not what may be an argument in the place of another word: its value may be a secret. */
    private static String quote(String word) {
        return word.indexOf('=') >= 0 ? "(an argument stands there)" : "'" + word + "'";
    }

    private static String parseFingerprint(String word) throws PtParseException {
        if (!FINGERPRINT.matcher(word).matches()) {
            throw new PtParseException(
                    "bridge line: behind the address a fingerprint of 40 hexadecimal digits or KEY=VALUE is expected");
        }
        return word.substring(word.length() - 40).toUpperCase(Locale.ROOT);
    }

    private static String next(StringTokenizer words, String what) throws PtParseException {
        if (!words.hasMoreTokens()) {
            throw new PtParseException("bridge line: " + what + " is missing");
        }
        return words.nextToken();
    }
}
