package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server and the client of utp/README.md, but for the port and where the client prints to. */
@Timeout(20)
class ReadmeExampleTest {
    @Test
    void works() throws Exception {
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        StringBuilder printed = new StringBuilder();
        CompletableFuture<String> all = new CompletableFuture<>();
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(UtpServerChannel.class)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<UtpChannel>() {
                    @Override
                    protected void initChannel(UtpChannel channel) {
                        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext ctx, Object message) {
                                ctx.writeAndFlush(message, ctx.voidPromise());
                            }

                            @Override
                            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                                if (event == ChannelInputShutdownEvent.INSTANCE) {
                                    channel.shutdownOutput(); // behind all that was written
                                }
                            }
                        });
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        UtpChannel client = (UtpChannel) new Bootstrap()
                .group(group)
                .channel(UtpChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(new SimpleChannelInboundHandler<ByteBuf>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                        printed.append(bytes.toString(StandardCharsets.UTF_8));
                    }

                    @Override
                    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                        if (event == ChannelInputShutdownEvent.INSTANCE) {
                            all.complete(printed.toString());
                        }
                    }
                })
                .connect(server.localAddress())
                .sync()
                .channel();
        client.writeAndFlush(Unpooled.copiedBuffer("hello\n", StandardCharsets.UTF_8));
        client.shutdownOutput().sync();
        assertEquals("hello\n", all.get(10, TimeUnit.SECONDS));
        assertTrue(client.eventLoop().submit(client::stats).get().toString().contains("bytesSent=6"));
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
    }
}
