package dev.tandem.ptspec.netty;

import java.time.Duration;

/**
 * How long a {@link SocksServerHandler} waits.
 *
 * @param step for each message of the client; a connection that is slower is closed
 * @param reply for {@link SocksReply} to be used; a request that waits longer is rejected as timed out. tor itself gives up after about 300 s.
 */
public record SocksTimeouts(Duration step, Duration reply) {
    /** 10 s for each step and 60 s for the reply. */
    public static final SocksTimeouts DEFAULT = new SocksTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(60));

    /** Checks that both are positive. */
    public SocksTimeouts {
        if (step.isNegative() || step.isZero() || reply.isNegative() || reply.isZero()) {
            throw new IllegalArgumentException("a timeout is positive");
        }
    }
}
