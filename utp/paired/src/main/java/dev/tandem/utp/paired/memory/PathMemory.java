package dev.tandem.utp.paired.memory;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where µTP works and where it does not, as a client learned it ({@code LINK.md}, section 13). Bounded, and forgotten after
 * a week. Places are kept as short keyed hashes. May be used by any thread.
 *
 * <p>All times are of day, in seconds: the clock may be set at any moment, and then at worst something is forgotten, or
 * tried too early.
 */
public final class PathMemory {
    /** How long something is remembered, in seconds. */
    public static final long LIFE_SECONDS = Duration.ofDays(7).toSeconds();

    /** Most places remembered. */
    public static final int MAX_PLACES = 64;

    /** Longest text of a memory. */
    public static final int MAX_BYTES = 4_096;

    /** One dial that fails says little of a place where one succeeded so shortly before, in seconds. */
    private static final long TRUST_SECONDS = 600;

    /** Most time between two dials where µTP is blocked, in seconds. */
    private static final long MAX_PAUSE_SECONDS = 600;

    private static final int KEY_BYTES = 32;
    private static final long HOUR_SECONDS = 3_600;
    private static final String FIRST_LINE = "tandem paths 1";
    private static final String KEY = "key ";
    private static final String WORKS = "works";
    private static final String BLOCKED = "blocked";
    private static final HexFormat HEX = HexFormat.of();

    private final InstantSource clock;
    private byte[] key = new byte[KEY_BYTES];
    private final Map<Integer, Entry> places = new TreeMap<>();

    /**
     * What is known of one place.
     *
     * @param sinceSeconds since when it has been so without a sign of the contrary
     * @param learnedSeconds when it was seen last
     * @param dialledSeconds when µTP was dialled last
     */
    private record Entry(boolean works, long sinceSeconds, long learnedSeconds, long dialledSeconds) {
        boolean isValid(long now) {
            return learnedSeconds <= now && now < learnedSeconds + LIFE_SECONDS;
        }

        /** In the text, the time is that of a whole hour: nobody is to read from it when somebody was where. */
        long expiryHour() {
            return Math.floorDiv(learnedSeconds + LIFE_SECONDS, HOUR_SECONDS);
        }

        static Entry expiring(boolean works, long hour) {
            long learned = hour * HOUR_SECONDS - LIFE_SECONDS;
            return new Entry(works, learned - MAX_PAUSE_SECONDS * 2, learned, learned);
        }
    }

    /** An empty memory with a key of its own. */
    public PathMemory(InstantSource clock, SecureRandom random) {
        this.clock = clock;
        random.nextBytes(key);
    }

    private long now() {
        return clock.instant().getEpochSecond();
    }

    private @Nullable Entry find(Place place, long now) {
        Entry entry = places.get(place.id(key));
        return entry != null && entry.isValid(now) ? entry : null;
    }

    /** Whether µTP is known not to work there. */
    public synchronized boolean isBlocked(Place place) {
        Entry entry = find(place, now());
        return entry != null && !entry.works();
    }

    /**
     * Asks whether µTP may be dialled there now; if so, the dial counts as made. Where it is blocked, as much time passes
     * between two dials of all sessions as half of that for which it had been blocked, and at most ten minutes.
     *
     * @return seconds until it may; 0 for now
     */
    public synchronized long takeDial(Place place) {
        long now = now();
        Entry entry = find(place, now);
        if (entry == null || entry.works()) {
            return 0;
        }
        long pause = Math.min(MAX_PAUSE_SECONDS, (now - entry.sinceSeconds()) / 2);
        long waited = now - entry.dialledSeconds();
        if (waited >= 0 && waited < pause) {
            return pause - waited;
        }
        places.put(place.id(key), new Entry(false, entry.sinceSeconds(), entry.learnedSeconds(), now));
        return 0;
    }

    /** µTP was paired there. */
    public synchronized void learnWorks(Place place) {
        long now = now();
        put(place.id(key), new Entry(true, now, now, now), now);
    }

    /** µTP was dialled there in vain, while TLS worked. */
    public synchronized void learnBlocked(Place place) {
        long now = now();
        Entry known = find(place, now);
        if (known != null && known.works() && now - known.learnedSeconds() < TRUST_SECONDS) {
            return;
        }
        Entry blocked = known == null || known.works()
                ? new Entry(false, now, now, now)
                : new Entry(false, known.sinceSeconds(), now, known.dialledSeconds());
        put(place.id(key), blocked, now);
    }

    private void put(int id, Entry entry, long now) {
        places.put(id, entry);
        forget(now);
    }

    /** Drops what is too old, or from a future that is none, and then the oldest beyond the bound. */
    private void forget(long now) {
        places.values().removeIf(entry -> !entry.isValid(now));
        while (places.size() > MAX_PLACES) {
            places.entrySet().stream()
                    .min(Comparator.comparingLong(place -> place.getValue().learnedSeconds()))
                    .ifPresent(oldest -> places.remove(oldest.getKey()));
        }
    }

    /** Places remembered now. */
    public synchronized int size() {
        forget(now());
        return places.size();
    }

    // As a file.

    /** All of it, in ASCII and {@link #MAX_BYTES} at most. It holds the key: for its owner's eyes only. */
    public synchronized String text() {
        forget(now());
        StringBuilder text = new StringBuilder(FIRST_LINE + "\n" + KEY + HEX.formatHex(key) + "\n");
        places.forEach((id, entry) -> text.append(HEX.toHexDigits((char) (int) id))
                .append(' ')
                .append(entry.works() ? WORKS : BLOCKED)
                .append(' ')
                .append(entry.expiryHour())
                .append('\n'));
        return text.toString();
    }

    /**
     * Takes in what another memory, or this one in an earlier life, has written. The later news of a place counts. If the
     * other key is not this memory's, all that this one knows is forgotten, and the other key is its own from now on: so
     * two programs that share a file agree, whichever began it.
     *
     * @throws IllegalArgumentException if that is no such text, with a single line that repeats nothing of it; then nothing has changed
     */
    public synchronized void merge(byte[] text) {
        if (text.length > MAX_BYTES) {
            throw new IllegalArgumentException("it is longer than " + MAX_BYTES + " bytes");
        }
        String[] lines = new String(text, StandardCharsets.ISO_8859_1).split("\n", -1);
        if (!lines[0].equals(FIRST_LINE)) {
            throw new IllegalArgumentException("it is of another version, or damaged");
        }
        if (lines.length < 3 || !lines[1].startsWith(KEY) || !lines[lines.length - 1].isEmpty()) {
            throw damaged();
        }
        byte[] otherKey = parseKey(lines[1].substring(KEY.length()));
        Map<Integer, Entry> others = new LinkedHashMap<>();
        for (int i = 2; i < lines.length - 1; i++) {
            parsePlace(lines[i], others);
        }
        if (others.size() > MAX_PLACES) {
            throw damaged();
        }
        if (!MessageDigest.isEqual(key, otherKey)) {
            key = otherKey;
            places.clear();
        }
        long now = now();
        others.values().removeIf(entry -> !entry.isValid(now));
        others.forEach((id, theirs) ->
                places.merge(id, theirs, (ours, same) -> theirs.expiryHour() > ours.expiryHour() ? theirs : ours));
        forget(now);
    }

    private static byte[] parseKey(String hex) {
        if (hex.length() != 2 * KEY_BYTES || !isHex(hex)) {
            throw damaged();
        }
        return HEX.parseHex(hex);
    }

    private static void parsePlace(String line, Map<Integer, Entry> into) {
        String[] words = line.split(" ", -1);
        if (words.length != 3
                || words[0].length() != 4
                || !isHex(words[0])
                || !(words[1].equals(WORKS) || words[1].equals(BLOCKED))
                || !words[2].matches("(0|[1-9][0-9]{0,8})")) {
            throw damaged();
        }
        Entry entry = Entry.expiring(words[1].equals(WORKS), Long.parseLong(words[2]));
        if (into.put(HexFormat.fromHexDigits(words[0]), entry) != null) {
            throw damaged();
        }
    }

    private static boolean isHex(String text) {
        return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    private static IllegalArgumentException damaged() {
        return new IllegalArgumentException("it is damaged");
    }

    /** No key. */
    @Override
    public String toString() {
        return "PathMemory";
    }
}
