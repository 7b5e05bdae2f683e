package consumer;

import dev.tandem.ptspec.BridgeLine;
import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.protocol.ConnectionStats;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Sends a bridge line there and back over µTP, and reads it. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        try {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(UtpServerChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public boolean isSharable() {
                            return true;
                        }

                        @Override
                        public void channelRead(ChannelHandlerContext ctx, Object message) {
                            ctx.writeAndFlush(message, ctx.voidPromise());
                        }
                    })
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            CompletableFuture<String> answer = new CompletableFuture<>();
            StringBuilder received = new StringBuilder();
            UtpChannel client = (UtpChannel) new Bootstrap()
                    .group(group)
                    .channel(UtpChannel.class)
                    .handler(new SimpleChannelInboundHandler<ByteBuf>() {
                        @Override
                        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                            if (received.append(bytes.toString(StandardCharsets.US_ASCII)).toString().endsWith("\n")) {
                                answer.complete(received.toString());
                            }
                        }
                    })
                    .connect(server.localAddress())
                    .sync()
                    .channel();
            client.writeAndFlush(Unpooled.copiedBuffer("utp 192.0.2.1:443 cert=x\n", StandardCharsets.US_ASCII));
            BridgeLine line = BridgeLine.parse(answer.get(30, TimeUnit.SECONDS).strip());
            ConnectionStats stats = client.eventLoop().submit(client::stats).get();
            System.out.println(line.transport() + " over µTP, by modules "
                    + BridgeLine.class.getModule().getName() + ", "
                    + UtpChannel.class.getModule().getName() + ", "
                    + stats.getClass().getModule().getName());
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }
}
