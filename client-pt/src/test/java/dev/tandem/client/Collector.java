package dev.tandem.client;

import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** The far side of one session: keeps what comes, and may say something first and end its own direction. */
final class Collector implements SessionListener {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final byte[] greeting;
    private boolean greeted;
    /** The first bytes have come. */
    final CountDownLatch begun = new CountDownLatch(1);
    /** All that came, once the other direction ended. */
    final CompletableFuture<byte[]> ended = new CompletableFuture<>();
    /** All that came, once the session was over, however it ended. */
    final CompletableFuture<byte[]> closed = new CompletableFuture<>();

    /** @param greeting sent, with the end behind it, as soon as the first byte comes; empty for the end at the end */
    Collector(byte[] greeting) {
        this.greeting = greeting;
    }

    @Override
    public void onData(Session session, ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy).release();
        received.writeBytes(copy);
        begun.countDown();
    }

    @Override
    public void onDataComplete(Session session) {
        if (greeting.length > 0 && !greeted) {
            greeted = true;
            session.write(Unpooled.wrappedBuffer(greeting));
            session.finish();
        }
    }

    @Override
    public void onEnd(Session session) {
        ended.complete(received.toByteArray());
        session.finish();
    }

    @Override
    public void onWritabilityChanged(Session session) {}

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        closed.complete(received.toByteArray());
        ended.completeExceptionally(new AssertionError("no end: " + detail));
    }
}
