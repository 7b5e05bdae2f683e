package dev.tandem.utp.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The application at one end of a connection in a test: writes a number of bytes whose values follow from their place in
 * the stream, reads, and checks every byte that it reads.
 */
final class Peer {
    /** Tell the two directions apart. */
    static final int SALT_OF_DIALLER = 17;

    static final int SALT_OF_ACCEPTOR = 91;

    private static final int CHUNK_BYTES = 4 << 10;

    /** What one of these holds of the heap by itself, about. */
    static final int FOOTPRINT_BYTES = CHUNK_BYTES + 256;

    final Connection connection;
    final List<ConnectionEvent.Kind> events = new ArrayList<>();
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    private final int salt;
    private final int peerSalt;
    private long toSend;
    private boolean finishWhenSent;
    private boolean paused;
    private boolean discarding;
    private boolean unchecked;
    long sent;
    long received;
    boolean ended;

    @Nullable
    Peer other;

    Peer(Connection connection) {
        this.connection = connection;
        this.salt = connection.isInitiator() ? SALT_OF_DIALLER : SALT_OF_ACCEPTOR;
        this.peerSalt = connection.isInitiator() ? SALT_OF_ACCEPTOR : SALT_OF_DIALLER;
        connection.attachment(this);
    }

    /** Writes that many bytes more, as fast as the connection takes them. */
    Peer send(long bytes) {
        if (!finishWhenSent) {
            toSend += bytes;
            pump();
        }
        return this;
    }

    /** Ends our direction when all is written. */
    Peer thenFinish() {
        finishWhenSent = true;
        pump();
        return this;
    }

    /** Lets go of the connection, and of what is not written yet. */
    void close() {
        toSend = sent;
        finishWhenSent = true;
        discarding = true;
        connection.close();
    }

    /** Throws away what comes from now on. */
    void discardInput() {
        discarding = true;
        connection.discardInput();
    }

    /** Stops reading, until {@link #resume()}. */
    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        drain();
    }

    /** From now on any byte will do: someone forges packets. */
    void expectAnything() {
        unchecked = true;
    }

    /** Fails unless everything the other wrote was read here, or thrown away on purpose. */
    void assertReceivedAllOf(Peer other) {
        if (!discarding && ended && received != other.sent) {
            throw new AssertionError("received " + received + " of " + other.sent + " bytes");
        }
    }

    void onEvent(ConnectionEvent.Kind kind) {
        events.add(kind);
        switch (kind) {
            case READABLE -> drain();
            case CONNECTED, WRITABLE -> pump();
            case INCOMING, CLOSED -> {}
        }
    }

    boolean isFinishedCleanly() {
        return connection.closeReason() == CloseReason.FINISHED;
    }

    private void pump() {
        while (sent < toSend && connection.closeReason() == null) {
            chunk.clear();
            int count = (int) Math.min(chunk.capacity(), toSend - sent);
            for (int i = 0; i < count; i++) {
                chunk.put(valueAt(sent + i, salt));
            }
            int taken = connection.write(chunk.flip());
            sent += taken;
            if (taken < count) {
                return;
            }
        }
        if (finishWhenSent && sent == toSend && connection.closeReason() == null) {
            connection.finish();
        }
    }

    private void drain() {
        while (!paused) {
            chunk.clear();
            int count = connection.read(chunk);
            if (count < 0) {
                ended = true;
                return;
            }
            chunk.flip();
            while (chunk.hasRemaining()) {
                byte expected = valueAt(received, peerSalt);
                byte actual = chunk.get();
                if (actual != expected && !unchecked) {
                    throw new AssertionError("byte " + received + " is " + actual + ", not " + expected);
                }
                received++;
            }
            if (count == 0) {
                return;
            }
        }
    }

    /** A pattern without a short period, so that lost, repeated and exchanged bytes all show. */
    static byte valueAt(long offset, int salt) {
        long mixed = (offset + salt) * 0x9e3779b97f4a7c15L;
        return (byte) (mixed >>> 56);
    }
}
