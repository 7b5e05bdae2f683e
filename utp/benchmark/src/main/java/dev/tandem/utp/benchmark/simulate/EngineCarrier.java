package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.session.Carrier;
import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionEvent;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A connection of the engine as a carrier of a session: records of the size that they have on the wire, sealed with nothing.
 * Before the first one the peer sends its opening, of a known length: TLS's handshake, or µTP's pairing identifier.
 */
final class EngineCarrier implements Carrier, ConnectionUser {
    /** Most bytes in one record, as the link has it. */
    private static final int RECORD_BYTES = 4 << 10;

    private static final int LENGTH_BYTES = 2;

    /** Length and tag, as in {@code LINK.md}, section 9; TLS's header, inner type and tag. */
    private static final int UTP_OVERHEAD = 18;

    private static final int TLS_OVERHEAD = 22;

    private final World world;
    private final SimulatedSession session;
    private final CarrierKind kind;
    private final SimulatedEndpoint endpoint;
    private final Connection connection;
    private final int overhead;

    /** What the engine has not taken yet. */
    private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();

    private long waitingBytes;

    /** What came and is no whole record yet. */
    private @Nullable ByteBuf received;

    /** How long the opening is that the peer has still to send. */
    private int openingBytes;

    private boolean paused;
    private boolean closing;
    private boolean over;

    /** @param openingBytes bytes that the peer sends before its first record */
    EngineCarrier(
            World world,
            SimulatedSession session,
            CarrierKind kind,
            SimulatedEndpoint endpoint,
            Connection connection,
            int openingBytes) {
        this.world = world;
        this.session = session;
        this.kind = kind;
        this.endpoint = endpoint;
        this.connection = connection;
        this.overhead = kind == CarrierKind.TLS ? TLS_OVERHEAD : UTP_OVERHEAD;
        this.openingBytes = openingBytes;
        connection.attachment(this);
    }

    /** Packets that its connection has sent again. */
    long retransmissions() {
        return connection.stats().retransmissions();
    }

    /** Sends what comes before the first record. */
    void open(ByteBuffer opening) {
        put(opening);
    }

    /** Reads no further until {@link #resume}: nobody is there yet for what follows. */
    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        read();
        endpoint.touch();
    }

    // As a carrier.

    @Override
    public CarrierKind kind() {
        return kind;
    }

    @Override
    public boolean isWritable() {
        // Up to a record more than there is room for, so that the engine has to say when there is room again.
        return connection.closeReason() == null && !closing && connection.roomBytes() - waitingBytes >= 0;
    }

    @Override
    public int maxWriteBytes() {
        return RECORD_BYTES;
    }

    @Override
    public void write(ByteBuf frames) {
        int length = frames.readableBytes();
        ByteBuffer record = ByteBuffer.allocate(length + overhead);
        record.putShort((short) length).limit(LENGTH_BYTES + length);
        frames.readBytes(record);
        frames.release();
        put(record.clear());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        closing = true;
        pump();
    }

    @Override
    public void abort() {
        closing = true;
        drop();
        connection.reset();
        endpoint.touch();
    }

    private void put(ByteBuffer bytes) {
        waiting.add(bytes);
        waitingBytes += bytes.remaining();
        pump();
    }

    private void pump() {
        while (connection.closeReason() == null && !waiting.isEmpty()) {
            ByteBuffer next = waiting.element();
            waitingBytes -= connection.write(next);
            if (next.hasRemaining()) {
                break;
            }
            waiting.remove();
        }
        if (closing && waiting.isEmpty()) {
            connection.close();
        }
        endpoint.touch();
    }

    private void drop() {
        waiting.clear();
        waitingBytes = 0;
        over = true;
    }

    // From the connection.

    @Override
    public void onEvent(ConnectionEvent.Kind event) {
        switch (event) {
            case INCOMING -> {}
            case CONNECTED -> session.handleConnected(this);
            case READABLE -> read();
            case WRITABLE -> {
                pump();
                session.handleWritable();
            }
            case CLOSED -> {
                drop();
                session.handleClosed(this);
            }
        }
    }

    private void read() {
        for (int count = 0; !paused && !over && count >= 0; ) {
            split();
            count = connection.read(world.chunk.clear());
            if (count == 0) {
                break;
            }
            if (count < 0) {
                session.handleClosed(this);
                connection.close();
            } else {
                if (received == null) {
                    received = world.allocator.heapBuffer(count);
                }
                received.writeBytes(world.chunk.flip());
                split();
            }
        }
        session.handleBytesComplete();
    }

    /** Hands on what is whole. */
    private void split() {
        ByteBuf bytes = received;
        while (bytes != null && !paused && !over && takeNext(bytes)) {
            // Each is handed on as it is found.
        }
        if (bytes != null && (over || !bytes.isReadable())) {
            bytes.release();
            received = null;
        } else if (bytes != null) {
            bytes.discardSomeReadBytes();
        }
    }

    private boolean takeNext(ByteBuf bytes) {
        if (openingBytes > 0) {
            if (bytes.readableBytes() < openingBytes) {
                return false;
            }
            ByteBuf opening = bytes.readSlice(openingBytes);
            openingBytes = 0;
            session.handleOpening(this, opening);
            return true;
        }
        if (bytes.readableBytes() < overhead) {
            return false;
        }
        int length = bytes.getUnsignedShort(bytes.readerIndex());
        if (bytes.readableBytes() < overhead + length) {
            return false;
        }
        ByteBuf record = bytes.readSlice(overhead + length);
        session.handleBytes(this, record.slice(LENGTH_BYTES, length));
        return true;
    }
}
