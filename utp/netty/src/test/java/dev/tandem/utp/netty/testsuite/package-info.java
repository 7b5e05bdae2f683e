/**
 * Netty's own tests of stream sockets, run on µTP. Of {@code io.netty.testsuite.transport.socket} these are left out:
 *
 * <ul>
 *   <li>{@code Datagram*}, {@code AbstractSocketReuseFdTest}: not about streams, or about file descriptors.
 *   <li>{@code ServerSocketSuspendTest}: switched off by Netty itself.
 *   <li>{@code SocketFileRegionTest}: a file region goes from a file to a socket of the kernel; µTP has none.
 *   <li>{@code SocketSpdyEchoTest}: about a codec, on the same
 *       channel.
 *   <li>{@code SocketSslLargeCertificateTest}, {@code SocketSslClientRenegotiateTest}: about TLS engines, not a transport,
 *       and need OpenSSL.
 *   <li>{@code SocketShutdownOutputByPeerTest}, {@code SocketShutdownOutputBySelfTest}: their peer is a
 *       {@code java.net.Socket}.
 *   <li>{@code SocketChannelNotYetConnectedTest}, {@code SocketCloseForciblyTest}, {@code SocketSslSessionReuseTest},
 *       {@code TrafficShapingHandlerTest}, {@code WriteBeforeRegisteredTest}: cast to {@code SocketChannel}, which has the
 *       options of TCP, or accept with TCP. {@code UtpChannelContractTest} tests the same where it is about the channel.
 * </ul>
 *
 * Single methods are switched off where they are overridden, each with its reason.
 */
package dev.tandem.utp.netty.testsuite;
