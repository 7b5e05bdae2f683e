package dev.tandem.utp.protocol.recovery;

import java.util.Arrays;

/**
 * Finds the largest datagram that the path takes, by trying larger ones on the data itself (RFC 8899). A path may swallow
 * what is too large without a word, so only what was acknowledged is believed; and if large datagrams, which did pass,
 * pass no more, it begins anew.
 */
public final class PathMtu {
    /** Bytes of UDP payload that every path takes: what fits into the 1,280 that IPv6 guarantees (RFC 8200, section 5). */
    public static final int BASE_BYTES = 1_232;

    /** The most that is tried: what fits an Ethernet frame with IPv4. */
    public static final int MAX_BYTES_IPV4 = 1_472;

    /** The most that is tried over IPv6. */
    public static final int MAX_BYTES_IPV6 = 1_452;

    /** What common paths take: some tunnels, libutp's own, Ethernet with IPv6, PPPoE, Ethernet. */
    private static final int[] SIZES = {BASE_BYTES, 1_392, 1_402, MAX_BYTES_IPV6, 1_464, MAX_BYTES_IPV4};

    /** A size that was lost so many times in a row is too large (RFC 8899, 5.1.2: MAX_PROBES). */
    private static final int MAX_PROBES = 3;

    /** Between a lost probe and the next: each costs whoever reads the stream a round trip. */
    private static final long RETRY_NANOS = 1_000_000_000L;

    /** After that a size that was too large may be tried again (PMTU_RAISE_TIMER). */
    private static final long RAISE_NANOS = 600_000_000_000L;

    /** After so many transmissions of one packet, and no other large one that arrived, it is its size. */
    private static final int MAX_LARGE_TRANSMISSIONS = 3;

    private final int[] sizes;
    private int index;

    /** What passed before a black hole, so that a mere outage does not cost the whole search. */
    private int formerIndex;

    private boolean probing;
    private int lostProbes;
    private long nextProbeNanos = LossRecovery.NONE;

    private boolean largeArrived;
    private long largeArrivedSentNanos;

    private PathMtu(int... sizes) {
        this.sizes = sizes;
    }

    /** Sends datagrams of up to one size, which must be known to pass or may be fragmented on the way. */
    public static PathMtu fixed(int bytes) {
        return new PathMtu(bytes);
    }

    /** Begins with {@link #BASE_BYTES} and goes up to a bound. */
    public static PathMtu search(int maxBytes) {
        int count = 1;
        while (count < SIZES.length && SIZES[count] <= maxBytes) {
            count++;
        }
        return new PathMtu(Arrays.copyOf(SIZES, count));
    }

    /** The largest datagram to send now, in bytes of UDP payload. */
    public int bytes() {
        return sizes[index];
    }

    /** Whether a datagram of this size may be fragmented: it is larger than what is known to pass, and no probe. */
    public boolean mayFragment(int datagramBytes) {
        return datagramBytes > BASE_BYTES && (sizes.length == 1 || datagramBytes > bytes());
    }

    /** The size to try now, or 0 for none. */
    int probeBytes(long nowNanos) {
        boolean due = nextProbeNanos == LossRecovery.NONE || nextProbeNanos - nowNanos <= 0;
        return !probing && due && index + 1 < sizes.length ? sizes[probeIndex()] : 0;
    }

    private int probeIndex() {
        return Math.max(index + 1, formerIndex);
    }

    void onProbeSent() {
        probing = true;
    }

    void onProbeArrived() {
        index = probeIndex();
        probing = false;
        formerIndex = 0;
        lostProbes = 0;
        nextProbeNanos = LossRecovery.NONE;
    }

    void onProbeLost(long nowNanos) {
        probing = false;
        nextProbeNanos = nowNanos + RETRY_NANOS;
        if (++lostProbes == MAX_PROBES) {
            lostProbes = 0;
            if (formerIndex > index + 1) {
                formerIndex = 0;
            } else {
                nextProbeNanos = nowNanos + RAISE_NANOS;
            }
        }
    }

    /** A datagram larger than the base, sent at that time and not fragmented, arrived. */
    void onLargeArrived(long sentNanos) {
        if (!largeArrived || sentNanos - largeArrivedSentNanos > 0) {
            largeArrived = true;
            largeArrivedSentNanos = sentNanos;
        }
    }

    /** A datagram larger than the base was lost again. */
    void onLargeLost(long nowNanos, long firstSentNanos, int transmissions) {
        boolean othersArrived = largeArrived && largeArrivedSentNanos - firstSentNanos > 0;
        if (transmissions >= MAX_LARGE_TRANSMISSIONS && !othersArrived) {
            onBlackHole(nowNanos);
        }
    }

    /** Nothing at all came back, and large datagrams were among what was sent. */
    void onBlackHole(long nowNanos) {
        if (index > 0) {
            formerIndex = index;
            index = 0;
            lostProbes = 0;
            nextProbeNanos = nowNanos + RETRY_NANOS;
        }
    }
}
