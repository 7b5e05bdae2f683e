package dev.tandem.utp.paired;

import java.util.concurrent.TimeUnit;

/** A rate with room for a burst. */
final class TokenBucket {
    private final double perNano;
    private final int burst;
    private double tokens;
    private long filledAtNanos;

    /** A full bucket. */
    TokenBucket(int perSecond, int burst, long nowNanos) {
        this.perNano = (double) perSecond / TimeUnit.SECONDS.toNanos(1);
        this.burst = burst;
        this.tokens = burst;
        this.filledAtNanos = nowNanos;
    }

    /** Takes one token, if there is one. */
    boolean take(long nowNanos) {
        fill(nowNanos);
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }

    /** How long until there is a token; 0 if there is one. */
    long nanosToNext(long nowNanos) {
        fill(nowNanos);
        return tokens >= 1 ? 0 : (long) Math.ceil((1 - tokens) / perNano);
    }

    private void fill(long nowNanos) {
        tokens = Math.min(burst, tokens + Math.max(0, nowNanos - filledAtNanos) * perNano);
        filledAtNanos = nowNanos;
    }
}
