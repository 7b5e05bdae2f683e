package dev.tandem.utp.paired;

/**
 * A server's bounds. Immutable. A bound on an address is one on an IPv4 address or an IPv6 network of 64 bits, which is the least that
 * one host has.
 *
 * @param halfOpen most TCP connections without a proof; the newest is refused
 * @param halfOpenPerAddress of these, most from one address: one host alone must not keep all others out
 * @param handshakesPerSecond TLS handshakes, in the long run and twice as many at once; who comes beyond it waits
 * @param sessions most sessions; the newest is refused
 * @param sessionsPerAddress of these, most from one address. Many clients may share one
 * @param halfOpenUtp most µTP connections that were answered and not confirmed; the newest is refused
 * @param unmatchedUtp most µTP connections without a session; the oldest is dropped
 * @param unmatchedUtpBytes most bytes held for them all; the oldest is dropped
 * @param detached most sessions without a carrier; the one that has waited longest is closed
 * @param detachedBytes most bytes held for them all; the one that has waited longest is closed
 * @param memoryBytes most bytes of heap for all sessions, those that they hold and what each takes by itself; the one that holds most is
 *     reset
 */
public record ServerLimits(
        int halfOpen,
        int halfOpenPerAddress,
        int handshakesPerSecond,
        int sessions,
        int sessionsPerAddress,
        int halfOpenUtp,
        int unmatchedUtp,
        int unmatchedUtpBytes,
        int detached,
        int detachedBytes,
        long memoryBytes) {

    /** The memory of the sessions is half of what the JVM may take, and fits the number of them if that may take 256 MiB. */
    public static final ServerLimits DEFAULT = new ServerLimits(
            1024,
            256,
            200,
            3072,
            1024,
            1024,
            1024,
            4 << 20,
            4096,
            64 << 20,
            Runtime.getRuntime().maxMemory() / 2);

    /** @throws IllegalArgumentException if a bound is below 1 */
    public ServerLimits {
        if (Math.min(Math.min(halfOpen, halfOpenPerAddress), Math.min(sessions, sessionsPerAddress)) < 1
                || Math.min(Math.min(halfOpenUtp, unmatchedUtp), Math.min(handshakesPerSecond, unmatchedUtpBytes)) < 1
                || Math.min(Math.min(detached, detachedBytes), memoryBytes) < 1) {
            throw new IllegalArgumentException("a bound must be 1 or more");
        }
    }

    /** Sets the bounds on TCP connections without a proof, in total and for each address. */
    public ServerLimits withHalfOpen(int total, int perAddress) {
        return new ServerLimits(
                total,
                perAddress,
                handshakesPerSecond,
                sessions,
                sessionsPerAddress,
                halfOpenUtp,
                unmatchedUtp,
                unmatchedUtpBytes,
                detached,
                detachedBytes,
                memoryBytes);
    }

    /** Sets how many TLS handshakes a second there may be. */
    public ServerLimits withHandshakesPerSecond(int value) {
        return new ServerLimits(
                halfOpen,
                halfOpenPerAddress,
                value,
                sessions,
                sessionsPerAddress,
                halfOpenUtp,
                unmatchedUtp,
                unmatchedUtpBytes,
                detached,
                detachedBytes,
                memoryBytes);
    }

    /** Sets the bounds on sessions, in total and for each address. */
    public ServerLimits withSessions(int total, int perAddress) {
        return new ServerLimits(
                halfOpen,
                halfOpenPerAddress,
                handshakesPerSecond,
                total,
                perAddress,
                halfOpenUtp,
                unmatchedUtp,
                unmatchedUtpBytes,
                detached,
                detachedBytes,
                memoryBytes);
    }

    /** Sets the bounds on µTP connections: not confirmed, and without a session, these in number and in bytes. */
    public ServerLimits withUtp(int unconfirmed, int unmatched, int unmatchedBytes) {
        return new ServerLimits(
                halfOpen,
                halfOpenPerAddress,
                handshakesPerSecond,
                sessions,
                sessionsPerAddress,
                unconfirmed,
                unmatched,
                unmatchedBytes,
                detached,
                detachedBytes,
                memoryBytes);
    }

    /** Sets the bounds on sessions without a carrier, in number and in bytes. */
    public ServerLimits withDetached(int most, int mostBytes) {
        return new ServerLimits(
                halfOpen,
                halfOpenPerAddress,
                handshakesPerSecond,
                sessions,
                sessionsPerAddress,
                halfOpenUtp,
                unmatchedUtp,
                unmatchedUtpBytes,
                most,
                mostBytes,
                memoryBytes);
    }

    /** Sets the bound on the memory of all sessions. */
    public ServerLimits withMemory(long bytes) {
        return new ServerLimits(
                halfOpen,
                halfOpenPerAddress,
                handshakesPerSecond,
                sessions,
                sessionsPerAddress,
                halfOpenUtp,
                unmatchedUtp,
                unmatchedUtpBytes,
                detached,
                detachedBytes,
                bytes);
    }
}
