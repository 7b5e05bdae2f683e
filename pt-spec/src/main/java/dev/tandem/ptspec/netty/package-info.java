/**
 * The two connections between tor and a transport, as Netty handlers: the SOCKS5 server of a client transport, and the Extended ORPort client of a
 * server transport. Each works the protocol off, gives the channel over to a relay, and removes itself.
 *
 * <pre>{@code
 * new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class).childHandler(new ChannelInitializer<Channel>() {
 *     protected void initChannel(Channel tor) {
 *         tor.pipeline().addLast(new SocksServerHandler((request, reply) ->
 *             dial(reply.channel().eventLoop(), request.target(), request.args()).addListener((Future<Channel> far) -> {
 *                 if (far.isSuccess()) reply.grant(new Relay(far.getNow()));
 *                 else reply.reject(SocksReplyCode.of(far.cause()));
 *             })));
 *     }
 * });
 * }</pre>
 */
@NullMarked
package dev.tandem.ptspec.netty;

import org.jspecify.annotations.NullMarked;
