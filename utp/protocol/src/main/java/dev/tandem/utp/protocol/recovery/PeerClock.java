package dev.tandem.utp.protocol.recovery;

import dev.tandem.utp.protocol.wire.Packet;

/**
 * What the timestamps of a peer's packets tell, although its clock has nothing to do with ours (BEP 29,
 * "timestamp_microseconds"): the delay of its packets, which it wants to hear of, and round-trip times.
 */
public final class PeerClock {
    private static final int NO_DIFFERENCE = 0;
    private static final int NO_DIFFERENCE_LIBUTP = 0x7fffffff;
    private static final long MAX_RTT_MICROS = 60_000_000L;

    private int delayMicros;

    /** Our own clock as it goes into packets: microseconds, of which 32 bits are left. */
    public static int micros(long nowNanos) {
        return (int) (nowNanos / 1000);
    }

    /** A packet came. */
    public void onPacket(long nowNanos, Packet packet) {
        delayMicros = micros(nowNanos) - packet.timestampMicros();
    }

    /** The one-way delay of the last packet, in µs of unrelated clocks: {@code timestamp_difference} of the next one we send. */
    public int delayMicros() {
        return delayMicros;
    }

    /**
     * The round-trip time that a packet tells by itself: the peer's clock now, less the delay that it measured, is our clock
     * when we sent what it answers. It holds for retransmissions too, and leaves out how long the peer waited.
     *
     * @return nanoseconds, or -1 if the packet does not tell
     */
    public static long echoedRttNanos(long nowNanos, Packet packet) {
        int difference = packet.timestampDifferenceMicros();
        if (difference == NO_DIFFERENCE || difference == NO_DIFFERENCE_LIBUTP) {
            return -1;
        }
        int rttMicros = micros(nowNanos) - (packet.timestampMicros() - difference);
        return rttMicros >= 0 && rttMicros <= MAX_RTT_MICROS ? rttMicros * 1000L : -1;
    }
}
