package dev.tandem.server;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client of this transport: sends some bytes and its end, and collects what comes back. */
final class Client implements AutoCloseable, SessionListener {
    private static final int LIMIT_SECONDS = 20;

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(1);
    private final LinkClient client = new LinkClient(group.next(), new CarrierTotals());
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();

    Client(InetSocketAddress bridge, BridgeCert cert, byte[] content) {
        client.dial(bridge, cert, LinkConfig.DEFAULT, this).addListener(dialled -> {
            if (dialled.isSuccess()) {
                Session session = (Session) dialled.getNow();
                session.autoRead(true);
                session.write(Unpooled.wrappedBuffer(content));
                session.finish();
            } else {
                closed.completeExceptionally(dialled.cause());
            }
        });
    }

    /** How the session ended. */
    CloseReason closed() throws Exception {
        return closed.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    byte[] received() {
        return received.toByteArray();
    }

    @Override
    public void onData(Session session, ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy).release();
        received.writeBytes(copy);
    }

    @Override
    public void onEnd(Session session) {}

    @Override
    public void onWritabilityChanged(Session session) {}

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        closed.complete(reason);
    }

    @Override
    public void close() {
        client.close().awaitUninterruptibly();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
