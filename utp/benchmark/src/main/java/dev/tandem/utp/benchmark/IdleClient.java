package dev.tandem.utp.benchmark;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Many sessions that were set up on both carriers, took one cell each way, and then do nothing. It says when all are there, and
 * keeps them until its standard input ends.
 */
final class IdleClient {
    /** So many are set up at a time: a server makes handshakes one after the other. */
    private static final int DIALS = 32;

    private static final int CELL_BYTES = 514;

    private final EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
    private final LinkClient client = new LinkClient(loop, new CarrierTotals());
    private final InetSocketAddress server;
    private final BridgeCert cert;
    private final int sessions;
    private final CountDownLatch complete;
    private int begun;
    private @Nullable String broken;

    private IdleClient(InetSocketAddress server, BridgeCert cert, int sessions) {
        this.server = server;
        this.cert = cert;
        this.sessions = sessions;
        this.complete = new CountDownLatch(sessions);
    }

    static void main(String[] args, PrintStream out) throws IOException, InterruptedException {
        InetSocketAddress server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
        BridgeCert cert = BridgeCert.parse(Files.readString(Path.of(args[2])).strip());
        IdleClient idle = new IdleClient(server, cert, Integer.parseInt(args[3]));
        idle.loop.execute(() -> {
            for (int i = 0; i < DIALS; i++) {
                idle.dialNext();
            }
        });
        idle.complete.await();
        String broken = idle.loop.submit(() -> idle.broken).sync().getNow();
        if (broken != null) {
            // Or the process would stay.
            idle.loop.shutdownGracefully();
            throw new IOException("a session ended: " + broken);
        }
        out.println(idle.sessions);
        out.flush();
        try (InputStream in = new FileInputStream(FileDescriptor.in)) {
            while (in.read() >= 0) {
                // Nothing is said there but its end.
            }
        }
        System.exit(0);
    }

    private void dialNext() {
        if (begun == sessions || broken != null) {
            return;
        }
        begun++;
        Future<Session> dialled = client.dial(server, cert, LinkConfig.DEFAULT, new Idle());
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                fail(String.valueOf(done.cause().getMessage()));
                return;
            }
            Session session = dialled.getNow();
            session.autoRead(true);
            session.write(Unpooled.wrappedBuffer(new byte[CELL_BYTES]));
            session.flush();
        });
    }

    private void fail(String why) {
        broken = why;
        while (complete.getCount() > 0) {
            complete.countDown();
        }
    }

    /** Counts the session once it sends on µTP and the cell is back. */
    private final class Idle implements SessionListener {
        private int received;
        private boolean onUtp;
        private boolean counted;

        @Override
        public void onData(Session session, ByteBuf bytes) {
            received += bytes.readableBytes();
            bytes.release();
            countIfReady();
        }

        @Override
        public void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
            onUtp = to == CarrierKind.UTP;
            countIfReady();
        }

        private void countIfReady() {
            if (!counted && onUtp && received >= CELL_BYTES) {
                counted = true;
                complete.countDown();
                dialNext();
            }
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            fail(detail);
        }
    }
}
