package dev.tandem.utp.protocol;

/**
 * What an {@link Endpoint} counted since it was made.
 *
 * @param datagramsReceived datagrams handed in, the bad ones included
 * @param datagramsSent datagrams handed out
 * @param malformed datagrams that are not µTP version 1, or cut off, or with a broken extension chain
 * @param unknown datagrams for a connection that does not exist
 * @param refused SYNs beyond a bound (connections, half-open connections), or while not accepting
 * @param resetsSuppressed RESETs not sent because of the limit on their rate
 * @param silenced SYNs and RESETs that were dropped because their address is not known to the {@link SourceFilter}
 * @param connections connections held at this moment, lingering ones included, half-open ones not
 * @param halfOpen SYNs of peers that were answered and not confirmed yet
 * @param earlySyns SYNs kept at this moment, until their address is known or their grace is over
 */
public record EndpointStats(
        long datagramsReceived,
        long datagramsSent,
        long malformed,
        long unknown,
        long refused,
        long resetsSuppressed,
        long silenced,
        int connections,
        int halfOpen,
        int earlySyns) {}
