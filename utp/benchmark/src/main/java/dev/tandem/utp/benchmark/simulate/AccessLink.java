package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.simulation.LinkConditions;
import java.util.random.RandomGenerator;

/**
 * A client's own way to the Internet and across it.
 *
 * @param downBitsPerSecond rate toward the client
 * @param upBitsPerSecond rate from the client
 * @param rttNanos round-trip time of the empty path to the bridge
 * @param loss share of the packets that are lost in each direction, 0 to 1, whatever the load
 */
record AccessLink(long downBitsPerSecond, long upBitsPerSecond, long rttNanos, double loss) {
    private static final double MIN_DOWN = 2e6;
    private static final double MAX_DOWN = 50e6;
    private static final long MIN_UP = 1_000_000;
    private static final int DOWN_TO_UP = 5;
    private static final long MIN_RTT_NANOS = 30_000_000L;
    private static final long MAX_RTT_NANOS = 250_000_000L;
    private static final double SHARE_CLEAN = 0.7;
    private static final double SHARE_LOSSY = 0.1;
    private static final double SOME_LOSS = 0.005;
    private static final double MUCH_LOSS = 0.02;
    private static final int MTU_BYTES = 1_500;
    private static final long MIN_QUEUE_BYTES = 32 << 10;

    /** What the queue before a rate holds, in seconds of it: 100 ms. */
    private static final double QUEUE_SECONDS = 0.1;

    /** One at random, from the distribution that {@link Simulate} documents. */
    static AccessLink draw(RandomGenerator random) {
        double down = MIN_DOWN * Math.pow(MAX_DOWN / MIN_DOWN, random.nextDouble());
        long rttNanos = random.nextLong(MIN_RTT_NANOS, MAX_RTT_NANOS);
        double chance = random.nextDouble();
        double loss = chance < SHARE_CLEAN ? 0 : chance < 1 - SHARE_LOSSY ? SOME_LOSS : MUCH_LOSS;
        return new AccessLink((long) down, Math.max(MIN_UP, (long) down / DOWN_TO_UP), rttNanos, loss);
    }

    LinkConditions down() {
        return conditions(downBitsPerSecond);
    }

    LinkConditions up() {
        return conditions(upBitsPerSecond);
    }

    private LinkConditions conditions(long bitsPerSecond) {
        return limited(bitsPerSecond).withDelay(rttNanos / 2).withLoss(loss).withMtu(MTU_BYTES);
    }

    /** A rate with a queue of 100 ms before it; of 32 KiB, if that is more. */
    static LinkConditions limited(long bitsPerSecond) {
        long queueBytes = Math.max(MIN_QUEUE_BYTES, (long) (bitsPerSecond * QUEUE_SECONDS / Byte.SIZE));
        return LinkConditions.CLEAN
                .withRate(bitsPerSecond)
                .withQueue(queueBytes)
                .withOverhead(LinkConditions.IPV4_UDP_OVERHEAD_BYTES);
    }
}
