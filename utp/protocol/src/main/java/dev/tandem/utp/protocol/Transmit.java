package dev.tandem.utp.protocol;

import java.net.InetSocketAddress;

/**
 * One datagram to send, as written to the buffer given to {@link Endpoint#pollTransmit}.
 *
 * @param remote where to send it
 * @param sizeBytes bytes of UDP payload, 20 and up
 * @param mayFragment whether it has to go out without DF; what is no larger than {@link Endpoint#BASE_DATAGRAM_BYTES} passes
 *     either way, and need not
 */
public record Transmit(InetSocketAddress remote, int sizeBytes, boolean mayFragment) {}
