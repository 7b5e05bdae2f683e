package dev.tandem.utp.benchmark;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpChannelOption;
import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.PrintStream;
import java.net.InetSocketAddress;

/** The crowd's clients, each with a socket of its own. They go on for so long, and then say what arrived. */
final class CrowdClient {
    private final EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
    private final InetSocketAddress server;
    private final Crowd.Direction direction;
    private final CrowdMeter meter;
    private final CellSource cells = new CellSource(loop);
    private final ByteBuf piece = Unpooled.directBuffer(Crowd.PIECE_BYTES).writeZero(Crowd.PIECE_BYTES);

    private CrowdClient(InetSocketAddress server, Crowd.Direction direction, double warmUpSeconds) {
        this.server = server;
        this.direction = direction;
        this.meter = new CrowdMeter(warmUpSeconds);
    }

    static void main(String[] args, PrintStream out) throws InterruptedException {
        InetSocketAddress server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
        CrowdClient client = new CrowdClient(server, Crowd.Direction.parse(args[2]), Double.parseDouble(args[3]));
        int connections = Integer.parseInt(args[4]);
        // One after the other: what is measured is what comes after the beginning.
        for (int i = 0; i < connections; i++) {
            client.dial(Crowd.CELLS).sync();
        }
        client.dial(Crowd.BULK).sync();
        // The event loops do the work meanwhile: this is the length of the measurement.
        Thread.sleep((long) (Double.parseDouble(args[5]) * 1e3));
        String report = client.loop
                .submit(client.direction == Crowd.Direction.UP ? client.cells::report : client.meter::report)
                .sync()
                .getNow();
        out.println(report);
        System.exit(0);
    }

    private ChannelFuture dial(byte kind) {
        boolean up = direction == Crowd.Direction.UP;
        return new Bootstrap()
                .group(loop)
                .channel(UtpChannel.class)
                .option(UtpChannelOption.CONNECTION_CONFIG, Crowd.CONFIG)
                .handler(up ? new ChannelInboundHandlerAdapter() : kind == Crowd.CELLS ? meter.cells() : meter.bulk())
                .connect(server)
                .addListener((ChannelFuture connected) -> {
                    if (connected.isSuccess()) {
                        begin(connected.channel(), kind, up);
                    }
                });
    }

    private void begin(Channel channel, byte kind, boolean up) {
        channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {kind}));
        if (up && kind == Crowd.CELLS) {
            cells.add(channel);
        } else if (up) {
            channel.pipeline().addLast(new Source(piece));
        }
    }
}
