package dev.tandem.utp.benchmark;

import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpServerChannel;
import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;

/** The crowd's server: one socket. It serves until its standard input ends, and then says what arrived. */
final class CrowdServer {
    private final Crowd.Direction direction;
    private final CrowdMeter meter;
    private final CellSource cells;
    private final ByteBuf piece = Unpooled.directBuffer(Crowd.PIECE_BYTES).writeZero(Crowd.PIECE_BYTES);

    private CrowdServer(EventLoop loop, Crowd.Direction direction, double warmUpSeconds) {
        this.direction = direction;
        this.meter = new CrowdMeter(warmUpSeconds);
        this.cells = new CellSource(loop);
    }

    static void main(String[] args, PrintStream out) throws IOException, InterruptedException {
        EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
        CrowdServer server = new CrowdServer(loop, Crowd.Direction.parse(args[2]), Double.parseDouble(args[3]));
        new ServerBootstrap()
                .group(loop)
                .channel(UtpServerChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, Crowd.CONFIG)
                .childHandler(new ChannelInitializer<DuplexChannel>() {
                    @Override
                    protected void initChannel(DuplexChannel channel) {
                        channel.pipeline().addLast(server.new FirstByte());
                    }
                })
                .bind(new InetSocketAddress(args[0], Integer.parseInt(args[1])))
                .sync();
        try (InputStream in = new FileInputStream(FileDescriptor.in)) {
            while (in.read() >= 0) {
                // Nothing is said there but its end.
            }
        }
        String report = loop.submit(
                        server.direction == Crowd.Direction.UP ? server.meter::report : server.cells::report)
                .sync()
                .getNow();
        out.println(report);
        System.exit(0);
    }

    /** Learns what a connection is for. */
    private final class FirstByte extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            byte kind = bytes.readByte();
            boolean up = direction == Crowd.Direction.UP;
            if (kind == Crowd.CELLS) {
                ctx.pipeline().addLast(up ? meter.cells() : new ChannelInboundHandlerAdapter());
                if (!up) {
                    cells.add(ctx.channel());
                }
            } else {
                ctx.pipeline().addLast(up ? meter.bulk() : new Source(piece));
            }
            ctx.fireChannelRead(bytes);
            ctx.pipeline().remove(this);
        }
    }
}
