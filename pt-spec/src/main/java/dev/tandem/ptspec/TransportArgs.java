package dev.tandem.ptspec;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code key=value} arguments of a transport, in order; a key may occur more than once. Immutable.
 *
 * <p>One meaning, several spellings, each with its own escaping: the SOCKS user name and password (pt-spec 3.5), the {@code ARGS}
 * of an {@code SMETHOD} line (pt-spec 3.3.3), and {@code TOR_PT_SERVER_TRANSPORT_OPTIONS} (pt-spec 3.2.3). A pair is split at its first
 * unescaped {@code =}; a backslash makes the character behind it literal. An empty key, a missing {@code =}, a trailing separator and a trailing
 * backslash are refused.
 *
 * <p>Values often are secrets: {@link #toString} shows the keys only, and no error quotes any part of the text.
 */
public final class TransportArgs {
    private static final TransportArgs EMPTY = new TransportArgs(List.of());

    private final List<Arg> entries;

    private TransportArgs(List<Arg> entries) {
        this.entries = entries;
    }

    /** One argument. The key is never empty. */
    public record Arg(String key, String value) {
        /** Checks the key. */
        public Arg {
            if (key.isEmpty()) {
                throw new IllegalArgumentException("empty argument key");
            }
        }

        /** The key only: the value may be a secret. */
        @Override
        public String toString() {
            return key;
        }
    }

    /** No arguments. */
    public static TransportArgs empty() {
        return EMPTY;
    }

    /** These arguments, in this order. */
    public static TransportArgs of(List<Arg> entries) {
        return entries.isEmpty() ? EMPTY : new TransportArgs(List.copyOf(entries));
    }

    /** A single argument; see {@link #and} for more. */
    public static TransportArgs of(String key, String value) {
        return EMPTY.and(key, value);
    }

    /** These arguments and one more behind them. */
    public TransportArgs and(String key, String value) {
        List<Arg> more = new ArrayList<>(entries);
        more.add(new Arg(key, value));
        return new TransportArgs(List.copyOf(more));
    }

    /** All arguments, in order. */
    public List<Arg> entries() {
        return entries;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** The first value of the key. */
    public Optional<String> first(String key) {
        return entries.stream()
                .filter(arg -> arg.key().equals(key))
                .map(Arg::value)
                .findFirst();
    }

    /** All values of the key, in order. */
    public List<String> all(String key) {
        return entries.stream()
                .filter(arg -> arg.key().equals(key))
                .map(Arg::value)
                .toList();
    }

    /**
     * Parses the SOCKS form {@code k=v;k=v} (pt-spec 3.5). The empty text has no arguments.
     *
     * @throws PtParseException if it is malformed
     */
    public static TransportArgs parseSocks(String text) throws PtParseException {
        return parsePairs(text, ';');
    }

    /**
     * The SOCKS form: {@code ;} and {@code \} escaped as tor does, in keys also {@code =}, without which the pair could not be split again.
     */
    public String formatSocks() {
        return format(';', ";\\=", ";\\");
    }

    /**
     * Parses what follows {@code ARGS:} in an {@code SMETHOD} line (pt-spec 3.3.3): {@code k=v,k=v}.
     *
     * @throws PtParseException if it is malformed
     */
    public static TransportArgs parseSmethod(String text) throws PtParseException {
        return parsePairs(text, ',');
    }

    /**
     * What follows {@code ARGS:} in an {@code SMETHOD} line: {@code ,}, {@code =} and {@code \} escaped as pt-spec 3.3.3 asks.
     *
     * <p>tor does not undo that escaping when it publishes a bridge line, so choose values without those characters, such as unpadded
     * base64url.
     *
     * @throws IllegalArgumentException if a key or value holds anything but printable ASCII without space: it would break the line
     */
    public String formatSmethod() {
        for (Arg arg : entries) {
            if (!isPrintableWithoutSpace(arg.key()) || !isPrintableWithoutSpace(arg.value())) {
                throw new IllegalArgumentException("SMETHOD arguments must be printable ASCII without spaces");
            }
        }
        return format(',', ",\\=", ",\\=");
    }

    /**
     * Parses {@code TOR_PT_SERVER_TRANSPORT_OPTIONS} (pt-spec 3.2.3): {@code name:k=v;name:k=v}.
     *
     * <p>tor escapes {@code :}, {@code ;} and {@code \} there and leaves {@code =} raw, although pt-spec has it escaped too: both are understood.
     *
     * @return the arguments of each transport named, in the order of first mention; unmodifiable
     * @throws PtParseException if it is malformed
     */
    public static Map<String, TransportArgs> parseServerOptions(String text) throws PtParseException {
        Map<String, List<Arg>> byName = new LinkedHashMap<>();
        Scanner scanner = new Scanner(text);
        while (!text.isEmpty() && scanner.nextPair()) {
            String name = scanner.until(':', ';');
            if (!scanner.take(':')) {
                throw scanner.error("has no ':' behind the transport's name");
            }
            if (!TransportNames.isValid(name)) {
                throw scanner.error("names no valid transport");
            }
            byName.computeIfAbsent(name, unused -> new ArrayList<>()).add(scanner.pair(';'));
        }
        Map<String, TransportArgs> options = new LinkedHashMap<>();
        byName.forEach((name, args) -> options.put(name, of(args)));
        return Collections.unmodifiableMap(options);
    }

    /** The form that {@link #parseServerOptions} reads, escaped as tor does. */
    public static String formatServerOptions(Map<String, TransportArgs> options) {
        StringBuilder text = new StringBuilder();
        options.forEach((name, args) -> {
            for (Arg arg : args.entries) {
                text.append(text.length() == 0 ? "" : ";");
                text.append(TransportNames.requireValid(name)).append(':');
                appendEscaped(text, arg.key(), ":;\\=");
                appendEscaped(text.append('='), arg.value(), ":;\\");
            }
        });
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TransportArgs args && args.entries.equals(entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    /** The keys only. */
    @Override
    public String toString() {
        return "TransportArgs" + entries;
    }

    static boolean isPrintableWithoutSpace(String text) {
        return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    private static TransportArgs parsePairs(String text, char separator) throws PtParseException {
        if (text.isEmpty()) {
            return EMPTY;
        }
        List<Arg> args = new ArrayList<>();
        Scanner scanner = new Scanner(text);
        while (scanner.nextPair()) {
            args.add(scanner.pair(separator));
        }
        return of(args);
    }

    private String format(char separator, String escapedInKeys, String escapedInValues) {
        StringBuilder text = new StringBuilder();
        for (Arg arg : entries) {
            if (text.length() > 0) {
                text.append(separator);
            }
            appendEscaped(text, arg.key(), escapedInKeys);
            appendEscaped(text.append('='), arg.value(), escapedInValues);
        }
        return text.toString();
    }

    private static void appendEscaped(StringBuilder into, String text, String escaped) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escaped.indexOf(c) >= 0) {
                into.append('\\');
            }
            into.append(c);
        }
    }

    /** Reads a text from left to right. Errors count arguments instead of quoting them. */
    private static final class Scanner {
        private final String text;
        private int at;
        private int pairs;
        private boolean endsInSeparator;

        Scanner(String text) {
            this.text = text;
        }

        /** Whether another pair follows, which it must behind a separator. */
        boolean nextPair() {
            return pairs++ == 0 || endsInSeparator;
        }

        Arg pair(char separator) throws PtParseException {
            String key = until('=', separator);
            if (!take('=')) {
                throw error("has no '='");
            }
            if (key.isEmpty()) {
                throw error("has an empty key");
            }
            String value = until(separator, separator);
            endsInSeparator = take(separator);
            return new Arg(key, value);
        }

        /** The unescaped text up to the first unescaped {@code end} or {@code otherEnd}, or up to the end. */
        String until(char end, char otherEnd) throws PtParseException {
            StringBuilder part = new StringBuilder();
            for (; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == end || c == otherEnd) {
                    break;
                }
                if (c == '\\') {
                    if (++at == text.length()) {
                        throw error("ends in a lone backslash");
                    }
                    c = text.charAt(at);
                }
                part.append(c);
            }
            return part.toString();
        }

        boolean take(char expected) {
            boolean there = at < text.length() && text.charAt(at) == expected;
            if (there) {
                at++;
            }
            return there;
        }

        PtParseException error(String what) {
            return new PtParseException("argument " + pairs + " " + what);
        }
    }
}
