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
 * @param connections connections held at this moment, lingering ones included, half-open ones not
 * @param halfOpen SYNs of peers that were answered and not confirmed yet
 */
public record EndpointStats(
        long datagramsReceived,
        long datagramsSent,
        long malformed,
        long unknown,
        long refused,
        long resetsSuppressed,
        int connections,
        int halfOpen) {}
