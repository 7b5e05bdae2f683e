/**
 * µTP as a transport of Netty: {@link dev.tandem.utp.netty.UtpChannel} and {@link
 * dev.tandem.utp.netty.UtpServerChannel} are made with {@code Bootstrap} and {@code ServerBootstrap} like any other.
 *
 * <pre>{@code
 * EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
 * Channel server = new ServerBootstrap().group(group).channel(UtpServerChannel.class)
 *         .childHandler(new EchoHandler())
 *         .bind("127.0.0.1", 4000).sync().channel();
 * Channel client = new Bootstrap().group(group).channel(UtpChannel.class)
 *         .handler(new PrintHandler())
 *         .connect("127.0.0.1", 4000).sync().channel();
 * client.writeAndFlush(Unpooled.copiedBuffer("hello", UTF_8));
 * }</pre>
 */
@NullMarked
package dev.tandem.utp.netty;

import org.jspecify.annotations.NullMarked;
