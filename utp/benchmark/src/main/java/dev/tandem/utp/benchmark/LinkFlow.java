package dev.tandem.utp.benchmark;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkServer;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionAcceptor;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One bulk flow from session to session: what the link does by itself, without proxies and their sockets. The sender reads
 * standard input, the receiver writes standard output, both on the event loop, so neither may be a slow pipe. They meet in
 * the folder of the environment's {@code TANDEM_FLOW_FOLDER}, where the server leaves what the client has to know.
 */
final class LinkFlow {
    private static final int PIECE_BYTES = 64 << 10;
    private static final long CERT_LOOK_MILLIS = 20;
    private static final int CERT_LOOKS = 3_000;
    private static final int WARM_UP_PIECES = 6_000;

    private LinkFlow() {}

    static void serve(String[] args) throws IOException, InterruptedException {
        warmUp(args, 2);
        CountDownLatch end = new CountDownLatch(1);
        EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
        ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
        SessionAcceptor acceptor = session -> {
            loop.execute(() -> session.autoRead(true));
            return new Sink(end);
        };
        new LinkServer(loop, new CarrierTotals(), identity, LinkConfig.DEFAULT, acceptor)
                .bind(address(args))
                .sync();
        Path draft = folder().resolve("cert.draft");
        Files.writeString(draft, identity.bridgeCert().encoded());
        Files.move(draft, folder().resolve("cert"), StandardCopyOption.ATOMIC_MOVE);
        end.await();
        System.exit(0);
    }

    static void dial(String[] args) throws IOException, InterruptedException {
        warmUp(args, 3);
        CountDownLatch end = new CountDownLatch(1);
        EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
        LinkConfig config = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.parse(args[2]));
        Feeder feeder = new Feeder(end);
        Future<Session> dialled =
                new LinkClient(loop, new CarrierTotals()).dial(address(args), awaitCert(), config, feeder);
        Session session = dialled.sync().getNow();
        loop.execute(() -> {
            session.autoRead(true);
            feeder.onWritabilityChanged(session);
        });
        end.await();
        System.exit(0);
    }

    /**
     * With the word {@code warm} behind the other arguments, moves some bytes from this process to itself before anything
     * else: what the network does, and not what the compiler has not done yet.
     */
    private static void warmUp(String[] args, int index) throws InterruptedException {
        if (args.length <= index) {
            return;
        }
        CountDownLatch end = new CountDownLatch(1);
        EventLoop loop = UtpTransports.newEventLoopGroup(1).next();
        ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
        SessionAcceptor acceptor = session -> {
            loop.execute(() -> session.autoRead(true));
            return new Discarder();
        };
        LinkServer server = new LinkServer(loop, new CarrierTotals(), identity, LinkConfig.DEFAULT, acceptor);
        InetSocketAddress bound = server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .getNow();
        Filler filler = new Filler(end);
        Session session = new LinkClient(loop, new CarrierTotals())
                .dial(bound, identity.bridgeCert(), LinkConfig.DEFAULT, filler)
                .sync()
                .getNow();
        loop.execute(() -> {
            session.autoRead(true);
            filler.onWritabilityChanged(session);
        });
        end.await();
        loop.parent().shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    private static InetSocketAddress address(String[] args) {
        return new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    }

    private static Path folder() {
        return Path.of(Objects.requireNonNull(System.getenv("TANDEM_FLOW_FOLDER"), "TANDEM_FLOW_FOLDER is not set"));
    }

    private static BridgeCert awaitCert() throws IOException, InterruptedException {
        Path file = folder().resolve("cert");
        // The server, another process, writes it once it listens.
        for (int i = 0; i < CERT_LOOKS && !Files.exists(file); i++) {
            Thread.sleep(CERT_LOOK_MILLIS);
        }
        return BridgeCert.parse(Files.readString(file));
    }

    /** Writes what comes to standard output. */
    private static final class Sink implements SessionListener {
        private final FileChannel out = new FileOutputStream(FileDescriptor.out).getChannel();
        private final ByteBuffer gathered = ByteBuffer.allocateDirect(4 * PIECE_BYTES);
        private final CountDownLatch end;

        Sink(CountDownLatch end) {
            this.end = end;
        }

        @Override
        public void onData(Session session, ByteBuf bytes) {
            if (gathered.remaining() < bytes.readableBytes()) {
                write();
            }
            bytes.readBytes(gathered.limit(gathered.position() + bytes.readableBytes()));
            gathered.limit(gathered.capacity());
            bytes.release();
        }

        @Override
        public void onDataComplete(Session session) {
            write();
        }

        private void write() {
            try {
                gathered.flip();
                while (gathered.hasRemaining()) {
                    out.write(gathered);
                }
                gathered.clear();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            end.countDown();
        }
    }

    /** Writes standard input as fast as the session takes it. */
    private static final class Feeder implements SessionListener {
        private final FileChannel in = new FileInputStream(FileDescriptor.in).getChannel();
        private final CountDownLatch end;
        private boolean ended;

        Feeder(CountDownLatch end) {
            this.end = end;
        }

        @Override
        public void onWritabilityChanged(Session session) {
            while (session.isWritable() && !ended) {
                ByteBuf piece = LinkFlow.read(in);
                ended = !piece.isReadable();
                session.write(piece);
            }
            if (ended) {
                session.finish();
            } else {
                session.flush();
            }
        }

        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            end.countDown();
        }
    }

    private static ByteBuf read(FileChannel in) {
        ByteBuf piece = ByteBufAllocator.DEFAULT.directBuffer(PIECE_BYTES);
        try {
            piece.writeBytes(in, PIECE_BYTES);
            return piece;
        } catch (IOException e) {
            piece.release();
            throw new UncheckedIOException(e);
        }
    }

    /** Takes what comes, and ends when the other side does. */
    private static class Discarder implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }

    /** Writes zeros. */
    private static final class Filler extends Discarder {
        private final CountDownLatch end;
        private int pieces = WARM_UP_PIECES;

        Filler(CountDownLatch end) {
            this.end = end;
        }

        @Override
        public void onWritabilityChanged(Session session) {
            while (session.isWritable() && pieces > 0) {
                pieces--;
                session.write(ByteBufAllocator.DEFAULT.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES));
            }
            if (pieces == 0) {
                session.finish();
            } else {
                session.flush();
            }
        }

        @Override
        public void onEnd(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            end.countDown();
        }
    }
}
