/**
 * What tor and a managed pluggable transport say to each other (pt-spec 1.0, ext-orport-spec), without I/O of its own but for the few places that are
 * about files and standard streams. {@code dev.tandem.ptspec.netty} has the SOCKS server and the Extended ORPort client on Netty.
 *
 * <p>A client that has one transport:
 *
 * <pre>{@code
 * TransportMessages tor = TransportMessages.standardOutput();
 * try {
 *     tor.version(ManagedEnvironment.negotiateVersion(System.getenv()));
 *     ClientEnvironment environment = ClientEnvironment.parse(System.getenv());
 *     if (environment.upstreamProxy().isPresent()) tor.proxyDone();
 *     if (environment.transports().contains("utp")) tor.cmethod("utp", listen());
 *     tor.cmethodsDone();
 * } catch (StartupException e) {
 *     e.report(tor);
 *     System.exit(1);
 * }
 * }</pre>
 */
@NullMarked
package dev.tandem.ptspec;

import org.jspecify.annotations.NullMarked;
