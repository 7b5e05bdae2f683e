package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** TCP on our event loops. */
@Timeout(60)
class HalfClosedSocketTest {
    /** More than the kernel takes of a connection that nobody reads. */
    private static final int BYTES = 50_000_000;

    /** What is written behind the peer's end has to wait for the kernel's buffer. */
    @Test
    void deliversAllToWhoHasEndedItsDirection() throws Exception {
        EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
        BlockingQueue<Channel> ended = new LinkedBlockingQueue<>();
        try {
            Channel listening = new ServerBootstrap()
                    .group(group)
                    .channelFactory(() -> UtpTransports.newServerSocketChannel(group.next()))
                    .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                            if (event == ChannelInputShutdownReadComplete.INSTANCE) {
                                ended.add(ctx.channel());
                            }
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) listening.localAddress()).getPort();
            try (Socket peer = new Socket(InetAddress.getLoopbackAddress(), port)) {
                peer.shutdownOutput();
                Channel channel = ended.poll(30, TimeUnit.SECONDS);
                assertNotNull(channel);
                channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES])).addListener(ChannelFutureListener.CLOSE);
                long received = 0;
                byte[] buffer = new byte[65_536];
                for (int count; (count = peer.getInputStream().read(buffer)) >= 0; ) {
                    received += count;
                }
                assertEquals(BYTES, received);
            }
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }
}
